import { MusterError } from "../../../../base/muster-error.ts";

/** Where an OpenAI-compatible server is reached; neither ends in a slash. */
export interface ServerAddress {
  /** What it offers outside the OpenAI interface: `/tokenize`, `/version`. */
  readonly root: string;
  /** The OpenAI interface, ending in `/v1`. */
  readonly api: string;
}

/** Reads `http://host:port`, with or without `/v1` (or a path below it, as people copy it). Throws `usage`. */
export function parseServerAddress(text: string): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    throw new MusterError("usage", `${JSON.stringify(text)} is not the address of a server`, {
      wayOut: "Write it like http://127.0.0.1:8000 or https://host/v1.",
    });
  }
  const path = url.pathname.replace(/\/v1(\/(chat\/)?completions|\/models)?\/*$/, "").replace(/\/+$/, "");
  const root = `${url.protocol}//${url.host}${path}`;
  return { root, api: `${root}/v1` };
}
