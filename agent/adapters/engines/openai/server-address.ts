import { MusterError } from "../../../../base/muster-error.ts";

/** Words in names of parameters that hold secrets. */
const SECRET = /key|token|secret|password|sig/i;

/** Where an OpenAI-compatible server is reached; neither address ends in a slash. */
export interface ServerAddress {
  /** What it offers outside the OpenAI interface: `/tokenize`, `/version`. */
  readonly root: string;
  /** The OpenAI interface: it ends in `/v1` unless its address was given whole. */
  readonly api: string;
  /** Follows each path of the interface: `?api-version=…`, or nothing. */
  readonly query: string;
}

/**
 * Reads `http://host:port`, with or without `/v1` (or a path below it, as people copy it). An interface that is elsewhere
 * is named by the whole address of its completions. Throws `usage`, also for addresses that hold a key: they are shown.
 */
export function parseServerAddress(text: string): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    throw new MusterError("usage", `${JSON.stringify(text)} is not the address of a server`, {
      wayOut: "Write it like http://127.0.0.1:8000 or https://host/v1.",
    });
  }
  if (url.username !== "" || url.password !== "" || [...url.searchParams.keys()].some((name) => SECRET.test(name))) {
    throw new MusterError("usage", `the address of the server at ${url.host} holds a key or a password`, {
      wayOut: "Addresses are shown and kept; put the key into MUSTER_ENGINE_API_KEY or MUSTER_ENGINE_API_KEY_FILE.",
    });
  }
  const query = url.search;
  const origin = `${url.protocol}//${url.host}`;
  const whole = /^(.*?)(?:\/chat)?\/completions\/*$/.exec(url.pathname)?.[1];
  if (whole !== undefined && !whole.endsWith("/v1")) return { root: origin + whole, api: origin + whole, query };
  const path = url.pathname.replace(/\/v1(\/(chat\/)?completions|\/models)?\/*$/, "").replace(/\/+$/, "");
  const root = origin + path;
  return { root, api: `${root}/v1`, query };
}
