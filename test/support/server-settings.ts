/** How a completions server is opened where a test wishes nothing else. */
export const SERVER_SETTINGS = {
  model: null,
  concurrency: null,
  thinkEnd: null,
  thinkingTokens: 0,
  urlApi: "completions",
} as const;
