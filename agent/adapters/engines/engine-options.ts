import type { DownloadProgress } from "../../../base/node/fetch-wheel.ts";

/** The engines that an agent can hold. */
export type EngineName = "llama.cpp" | "openai" | "hash" | "simulated";

/** What the user said of the engines; adapters take from it what they need. */
export interface EngineOptions {
  /** Null: openai where there is a URL, else llama.cpp. */
  readonly engine: EngineName | null;
  /** OpenAI-compatible servers, one slot each. */
  readonly urls: readonly string[];
  /** What is asked of these servers: completions of texts, or of chats. */
  readonly urlApi: "completions" | "chat";
  /** What ends a reasoning model's thinking within its text (`</think>`); null: the text is the answer. */
  readonly thinkEnd: string | null;
  /** Tokens that a reasoning model may think, beside those that the task grants its answer. */
  readonly thinkingTokens: number;
  readonly model: string | null;
  /** Samples a slot; null: the engine's own measure. */
  readonly concurrency: number | null;
  /** CPU threads of an embedded engine; null: all usable cores. */
  readonly threads: number | null;
  /** Settings of the simulated engine. */
  readonly simulation: Readonly<Record<string, unknown>>;
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Told what an engine does otherwise than it might, a sentence each. */
  readonly onNotice?: (sentence: string) => void;
  readonly signal: AbortSignal;
}
