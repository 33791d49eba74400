import { MusterError } from "../../../../base/muster-error.ts";

/** Where an OpenAI-compatible server is reached; neither ends in a slash. */
export interface ServerAddress {
  /** What it offers outside the OpenAI interface: `/tokenize`, `/version`. */
  readonly root: string;
  /** The OpenAI interface: it ends in `/v1` unless its address was given whole. */
  readonly api: string;
}

/**
 * Reads `http://host:port`, with or without `/v1` (or a path below it, as people copy it). An interface that is elsewhere
 * is named by the whole address of its completions. Throws `usage`.
 */
export function parseServerAddress(text: string): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    throw new MusterError("usage", `${JSON.stringify(text)} is not the address of a server`, {
      wayOut: "Write it like http://127.0.0.1:8000 or https://host/v1.",
    });
  }
  const origin = `${url.protocol}//${url.host}`;
  const whole = /^(.*?)(?:\/chat)?\/completions\/*$/.exec(url.pathname)?.[1];
  if (whole !== undefined && !whole.endsWith("/v1")) return { root: origin + whole, api: origin + whole };
  const path = url.pathname.replace(/\/v1(\/(chat\/)?completions|\/models)?\/*$/, "").replace(/\/+$/, "");
  const root = origin + path;
  return { root, api: `${root}/v1` };
}
