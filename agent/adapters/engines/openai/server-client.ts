import { STATUS_CODES } from "node:http";
import { Agent, type Dispatcher } from "undici";
import { aborted, RequestError } from "../request-error.ts";
import { readRetryAfter } from "./retry-after.ts";

/** How long a server may take, milliseconds. */
export interface ServerLimits {
  readonly connectMs: number;
  readonly answerMs: number;
  /** For questions that need no model. */
  readonly lookMs: number;
}

/** What a call may say beside its path. */
interface Call {
  /** Sent as JSON; none makes it a GET. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly limitMs: number;
}

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const CONNECTIONS_MAX = 256;
/** Characters of a server's own words that go into a sentence. */
const QUOTE_MAX = 200;

/** Rest after a 429 that names none, milliseconds. */
const UNTOLD_REST_MS = 5_000;
/** How servers say that a prompt is longer than their context. */
const TOO_LONG =
  /(maximum|exceeds?|available|model's) context (length|size|window)|prompt is too long|context[ _](length|window)[ _]exceeded/i;

/** Talks JSON with one server. Whatever goes wrong is a RequestError whose sentence names the address. */
export class ServerClient {
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;
  /** What no sentence may hold, whoever says it. */
  readonly #secrets: readonly string[];

  constructor(keyHeaders: Readonly<Record<string, string>>, limits: ServerLimits) {
    this.#agent = new Agent({
      connect: { timeout: limits.connectMs },
      connections: CONNECTIONS_MAX,
      // The limit of a whole call is kept below; these would only come before it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#secrets = Object.values(keyHeaders).map((value) => value.replace(/^Bearer /, ""));
    this.#headers = {
      "content-type": "application/json",
      accept: "application/json",
      ...keyHeaders,
    };
  }

  /** The answer's JSON. */
  async call(url: string, { body, signal, limitMs }: Call): Promise<unknown> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    const timer = setTimeout(onAbort, limitMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal?.aborted === true) throw aborted(url);
      const { status, headers, text } = await this.#exchange(url, body, stop.signal);
      if (status < 200 || status > 299) throw refusal(url, status, headers, this.#withoutSecrets(text));
      return parse(url, headers, text);
    } catch (error) {
      if (error instanceof RequestError) throw error;
      if (signal?.aborted === true) throw aborted(url);
      throw stop.signal.aborted ? tooSlow(url, limitMs) : connectionTrouble(url, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Some servers repeat the key that they refuse. */
  #withoutSecrets(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, "[key]"), text);
  }

  async #exchange(url: string, body: unknown, signal: AbortSignal): Promise<Exchange> {
    const { origin, pathname, search } = new URL(url);
    const answer = await this.#agent.request({
      origin,
      path: pathname + search,
      method: body === undefined ? "GET" : "POST",
      headers: this.#headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body) {
      bytes += (chunk as Buffer).length;
      if (bytes > ANSWER_BYTES_MAX) throw bad(url, `answered more than ${ANSWER_BYTES_MAX} bytes`);
      chunks.push(chunk as Buffer);
    }
    return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString("utf8") };
  }
}

type Headers = Dispatcher.ResponseData["headers"];

interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An answer that is none. Another engine may do better. */
export function bad(url: string, what: string, reason = "bad_response"): RequestError {
  return new RequestError({ retry: "elsewhere", reason, message: `${url} ${what}` });
}

function parse(url: string, headers: Headers, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (isPage(headers, text)) throw bad(url, "answered with a web page (HTML) instead of JSON");
    if (/[:,[]\s*-?(NaN|Infinity)\b/.test(text)) throw bad(url, "answered with numbers that are none (NaN)", "nan");
    const message = `${url} answered with JSON that is cut off or damaged (${text.length} characters)`;
    throw new RequestError({ retry: "same", reason: "bad_response", message });
  }
}

function isPage(headers: Headers, text: string): boolean {
  return String(headers["content-type"] ?? "").includes("html") || /^\s*<(!doctype|html)/i.test(text);
}

function refusal(url: string, status: number, headers: Headers, text: string): RequestError {
  const said = `${url} answered ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
  const words = isPage(headers, text) ? "" : ownWords(text);
  const { parameter, code } = namedTrouble(text);
  const message = words === "" ? said : `${said}: ${words}`;
  if (code === "context_length_exceeded" || (status < 500 && TOO_LONG.test(words))) {
    const more = "the prompt and the tokens asked for do not fit into its context, and nobody cuts them silently";
    return new RequestError({ retry: "never", reason: "prompt_too_long", message: `${message} (${more})` });
  }
  if (code === "insufficient_quota") return new RequestError({ retry: "elsewhere", reason: "no_quota", message });
  const retryAfterMs = status === 429 || status === 503 ? restOf(status, headers) : undefined;
  return new RequestError({
    // Busy or stumbling servers may do better in a moment; a request that was refused will be refused again.
    retry: status === 429 || status >= 500 ? "same" : "elsewhere",
    reason: `http_${status}`,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === 400 && parameter !== null ? { parameter } : {}),
  });
}

/** How long a busy server wants to be left alone. One that is asked too often never breaks a request, told or not. */
function restOf(status: number, headers: Headers): number | undefined {
  const said = headers["retry-after"];
  return (
    readRetryAfter(Array.isArray(said) ? said[0] : said, Date.now()) ?? (status === 429 ? UNTOLD_REST_MS : undefined)
  );
}

/** The parameter that a server names as the one it does not take, and its word for the trouble. */
function namedTrouble(text: string): { readonly parameter: string | null; readonly code: string | null } {
  try {
    const { param, code } = (JSON.parse(text) as { error?: { param?: unknown; code?: unknown } }).error ?? {};
    return { parameter: typeof param === "string" ? param : null, code: typeof code === "string" ? code : null };
  } catch {
    return { parameter: null, code: null };
  }
}

/** What a server said of its error, in any of the usual forms. */
function ownWords(text: string): string {
  let words = text;
  try {
    const json = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown };
    const error = typeof json.error === "object" ? json.error.message : json.error;
    words = [error, json.message, json.detail].find((part) => typeof part === "string") ?? text;
  } catch {
    // Not JSON: the text itself.
  }
  const line = words.replace(/\s+/g, " ").trim();
  return line.length > QUOTE_MAX ? `${line.slice(0, QUOTE_MAX)}…` : line;
}

function tooSlow(url: string, limitMs: number): RequestError {
  const message = `${url} did not answer within ${limitMs / 1000} s`;
  return new RequestError({ retry: "elsewhere", reason: "timeout", message });
}

/** What the socket's error codes mean, for people. */
const TROUBLES: { readonly [code: string]: readonly [reason: string, words: string] } = {
  ECONNREFUSED: ["refused", "refused the connection"],
  ENOTFOUND: ["unreachable", "has a host name that is not known"],
  EAI_AGAIN: ["unreachable", "has a host name that cannot be looked up now"],
  EHOSTUNREACH: ["unreachable", "cannot be reached"],
  ENETUNREACH: ["unreachable", "cannot be reached"],
  ETIMEDOUT: ["timeout", "did not accept the connection in time"],
  UND_ERR_CONNECT_TIMEOUT: ["timeout", "did not accept the connection in time"],
  ECONNRESET: ["connection_lost", "closed the connection before it had answered"],
  EPIPE: ["connection_lost", "closed the connection before it had answered"],
  UND_ERR_SOCKET: ["connection_lost", "closed the connection before it had answered"],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["connection_lost", "closed the connection before it had answered"],
};

function connectionTrouble(url: string, error: unknown): RequestError {
  const { code, message } = error as { code?: string; message?: string };
  const [reason, words] = TROUBLES[code ?? ""] ?? [
    "connection_lost",
    `cannot be talked to: ${message ?? String(error)}`,
  ];
  return new RequestError({ retry: "same", reason, message: `${url} ${words}` });
}
