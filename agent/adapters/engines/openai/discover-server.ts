import { MusterError } from "../../../../base/muster-error.ts";
import { RequestError } from "../request-error.ts";
import type { Tokenizer } from "../tokens/encode-pair.ts";
import type { ServerAddress } from "./server-address.ts";
import { bad, type ServerClient, type ServerLimits } from "./server-client.ts";

/** What a server says of itself. */
export interface DiscoveredServer {
  readonly model: string;
  /** Product and version as far as it tells them. */
  readonly version: string;
  readonly contextTokens: number;
  /** Whether it batches requests as they come, so that many at once are worth it. */
  readonly batches: boolean;
  /** Null where it turns no text into tokens. */
  readonly tokenizer: Tokenizer | null;
}

interface ServedModel {
  readonly id: string;
  readonly owned_by?: unknown;
  /** vLLM and SGLang tell it here, llama.cpp's server in `meta`. */
  readonly max_model_len?: unknown;
  readonly meta?: { readonly n_ctx?: unknown } | null;
}

/** Where a server does not say how much it holds: the harness's own assumption. */
const DEFAULT_CONTEXT_TOKENS = 2048;
/** How servers say that they list no models. */
const NO_LIST = new Set(["http_404", "http_405", "http_501"]);
/** Servers with continuous batching, by the name that they own their models under. */
const BATCHING = new Set(["vllm", "sglang"]);

/** Asks a server about itself. Throws RequestErrors, and `notFound` or `usage` about the model. */
export async function discoverServer(
  client: ServerClient,
  address: ServerAddress,
  wanted: string | null,
  { limits, signal }: { readonly limits: ServerLimits; readonly signal: AbortSignal },
): Promise<DiscoveredServer> {
  const models = await listModels(client, address, limits, signal);
  // A provider that lists nothing is asked for the model by its name; the canaries tell whether it is there.
  const model = models === null && wanted !== null ? { id: wanted } : chooseModel(models ?? [], wanted, address);
  const owner = typeof model.owned_by === "string" ? model.owned_by : "";
  const ask = (path: string, body?: unknown): Promise<Answer> =>
    optional(client.call(`${address.root}${path}`, { body, signal, limitMs: limits.lookMs }));
  const version = (await ask("/version"))?.["version"];
  const contextTokens = model.max_model_len ?? model.meta?.n_ctx;
  return {
    model: model.id,
    version: [owner, typeof version === "string" ? version : ""].filter((part) => part !== "").join(" ") || "unknown",
    contextTokens: isCount(contextTokens) ? contextTokens : DEFAULT_CONTEXT_TOKENS,
    batches: BATCHING.has(owner),
    tokenizer: await findTokenizer(client, address, { model: model.id, ask, limits }),
  };
}

/** The models that a server serves now; null where it has no such list, as interfaces of a single deployment. */
export async function listModels(
  client: ServerClient,
  { api, query }: ServerAddress,
  { lookMs }: ServerLimits,
  signal?: AbortSignal,
): Promise<readonly ServedModel[] | null> {
  const url = `${api}/models`;
  let answer: unknown;
  try {
    answer = await client.call(url + query, { limitMs: lookMs, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (NO_LIST.has(RequestError.toFailure(error).reason)) return null;
    throw error;
  }
  const data = (answer as { data?: unknown } | null)?.data;
  const models = Array.isArray(data) ? (data as Partial<ServedModel>[]) : null;
  if (models === null || models.some((model) => typeof model?.id !== "string")) {
    throw bad(url, "answered JSON that is no list of models; is this an OpenAI-compatible server?");
  }
  return models as ServedModel[];
}

function chooseModel(models: readonly ServedModel[], wanted: string | null, { api }: ServerAddress): ServedModel {
  const names = models.map(({ id }) => id).join(", ") || "none";
  const found =
    models.find(({ id }) => id === wanted) ?? (wanted === null && models.length === 1 ? models[0] : undefined);
  if (found !== undefined) return found;
  if (wanted === null && models.length === 0) {
    throw new MusterError("usage", `the server at ${api} lists no models`, {
      wayOut: "Say which one to ask for with --model NAME, and check that the address in --engine-url is right.",
    });
  }
  if (wanted === null) {
    throw new MusterError("usage", `the server at ${api} serves ${models.length} models: ${names}`, {
      wayOut: "Say which one with --model NAME.",
    });
  }
  throw new MusterError("notFound", `the server at ${api} does not serve ${wanted}; it serves: ${names}`, {
    wayOut: "Give --model one of these names, or serve the model under that name (vLLM: --served-model-name).",
  });
}

type Answer = Readonly<Record<string, unknown>> | null;

/** An answer that a server need not have. */
async function optional(call: Promise<unknown>): Promise<Answer> {
  try {
    const answer = await call;
    return typeof answer === "object" ? (answer as Answer) : null;
  } catch (error) {
    const { reason, retry } = RequestError.toFailure(error);
    // Only a server that says no lacks it; one that cannot be reached may have it.
    if (reason.startsWith("http_4") && retry === "elsewhere") return null;
    if (reason === "bad_response" || reason === "http_500" || reason === "http_501") return null;
    throw error;
  }
}

interface TokenizerParts {
  readonly model: string;
  readonly limits: ServerLimits;
  readonly ask: (path: string, body?: unknown) => Promise<Answer>;
}

async function findTokenizer(
  client: ServerClient,
  { root }: ServerAddress,
  { model, ask, limits }: TokenizerParts,
): Promise<Tokenizer | null> {
  const url = `${root}/tokenize`;
  const body = (prompt: string, isBare: boolean) => ({ model, prompt, add_special_tokens: !isBare });
  const bare = readTokens(await ask("/tokenize", body("one two", true)));
  if (bare === null || bare.length === 0) return null;
  // The harness's API backends put nothing before a prompt, whatever the tokenizer would.
  const encodeText = async (text: string): Promise<readonly number[]> => {
    if (text === "") return [];
    const tokens = readTokens(await client.call(url, { body: body(text, true), limitMs: limits.answerMs }));
    if (tokens === null) throw bad(url, "answered without a list of tokens");
    return tokens;
  };
  return {
    encodePrompt: encodeText,
    encodeText,
    prefixToken:
      (await toldPrefix(ask, encodeText)) ??
      addedPrefix(bare, readTokens(await ask("/tokenize", body("one two", false)))) ??
      unknownPrefix(root),
  };
}

/** The beginning of text that the server tells, else its end of text. */
async function toldPrefix(
  ask: TokenizerParts["ask"],
  encode: (text: string) => Promise<readonly number[]>,
): Promise<number | null> {
  const info = await ask("/tokenizer_info");
  const text = [info?.["bos_token"], info?.["eos_token"]].find((token) => typeof token === "string" && token !== "");
  return typeof text === "string" ? ((await encode(text))[0] ?? null) : null;
}

/** The token that the server puts before a text itself. */
function addedPrefix(bare: readonly number[], whole: readonly number[] | null): number | null {
  return whole !== null && whole.length > bare.length && whole.at(-bare.length) === bare[0] ? whole[0]! : null;
}

function unknownPrefix(root: string): string {
  return `${root} does not tell its beginning-of-text token (vLLM does with --enable-tokenizer-info-endpoint)`;
}

function readTokens(answer: unknown): number[] | null {
  const tokens = (answer as { tokens?: unknown } | null)?.tokens;
  return Array.isArray(tokens) && tokens.every((token) => isCount(token)) ? tokens : null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
