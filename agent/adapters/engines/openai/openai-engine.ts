import { MusterError } from "../../../../base/muster-error.ts";
import type { EngineDescription } from "../../../../evaluation/engine.ts";
import type { EvaluationRequest, GenerationSettings } from "../../../../evaluation/request.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import type { EngineOptions } from "../engine-options.ts";
import { cutAtStops, DEFAULT_MAX_TOKENS, DEFAULT_SEED } from "../generation.ts";
import { probeEngine } from "../probe.ts";
import { RequestError } from "../request-error.ts";
import { type Answer, type Score, timedAnswer } from "../timed-answer.ts";
import { encodePair, prefixToken, type TokenPair, type Tokenizer } from "../tokens/encode-pair.ts";
import { fitPrompt, fitWindow, rollingWindows } from "../tokens/windows.ts";
import { apiKeyHeaders } from "./api-key.ts";
import { asTurns, CHAT_STOPS_MAX, readMessage, readTurns } from "./chat-turns.ts";
import { type DiscoveredServer, discoverServer, listModels } from "./discover-server.ts";
import { readScore, readText } from "./read-answer.ts";
import { parseServerAddress, type ServerAddress } from "./server-address.ts";
import { ServerClient, type ServerLimits } from "./server-client.ts";
import { SharedChoices } from "./shared-choices.ts";
import { TakenParameters } from "./taken-parameters.ts";
import { splitThinking } from "./thinking.ts";

// Speaks to vLLM, SGLang, llama.cpp's server and hosted APIs as the harness's `local-completions` backend does with its
// default settings, so that both get the same scores from the same server. One rule is ours: the harness assumes a
// context of 2048 tokens whatever the server holds (its `max_length`); here it is what the server says (`max_model_len`),
// and 2048 only where it says nothing. One token of it is kept free, as in the harness, for the one that scoring generates.

const LIMITS: ServerLimits = { connectMs: 10_000, answerMs: 300_000, lookMs: 10_000 };
/** Samples in flight: enough to fill a batching server; few for one that works through a handful of slots. */
const CONCURRENCY_BATCHING = 64;
const CONCURRENCY_OTHER = 8;
/** Said of the engine, in manifests too, where it scores so. */
const SHARED_NOTE = "one-token choices in one request";

/**
 * Connects to a server and finds out by canaries what it can do. Throws `connection` where it does not work, `notFound`
 * where it does not serve the model, `unsupported` where it can neither generate nor score.
 */
export async function openOpenAiEngine(
  url: string,
  options: Pick<
    EngineOptions,
    "model" | "concurrency" | "signal" | "urlApi" | "thinkEnd" | "thinkingTokens" | "onNotice"
  >,
  limits: ServerLimits = LIMITS,
): Promise<InferenceEngine> {
  const address = parseServerAddress(url);
  const client = new ServerClient(apiKeyHeaders(process.env), limits);
  try {
    const server = await discoverServer(client, address, options.model, { limits, signal: options.signal });
    const engine = new OpenAiEngine({ ...options, client, address, server, limits });
    await engine.probe(options.signal, options.onNotice ?? (() => undefined));
    return engine;
  } catch (error) {
    await client.close();
    throw error instanceof RequestError ? joiningError(error, options.signal) : error;
  }
}

function joiningError({ failure: { reason, message } }: RequestError, signal: AbortSignal): MusterError {
  if (signal.aborted) return new MusterError("interrupted", "stopped while an engine was opened");
  if (reason === "http_401" || reason === "http_403") {
    const wayOut = "Put the server's key into MUSTER_ENGINE_API_KEY (or OPENAI_API_KEY).";
    return new MusterError("permission", message, { wayOut });
  }
  const wayOut =
    reason === "refused" || reason === "unreachable" || reason === "timeout"
      ? "Start the server, wait until it is ready, and check the address in --engine-url."
      : "Check that --engine-url is the address of an OpenAI-compatible server that is ready.";
  return new MusterError("connection", message, { wayOut });
}

interface EngineParts {
  readonly client: ServerClient;
  readonly address: ServerAddress;
  readonly server: DiscoveredServer;
  readonly limits: ServerLimits;
  readonly concurrency: number | null;
  readonly urlApi: EngineOptions["urlApi"];
  readonly thinkEnd: string | null;
  readonly thinkingTokens: number;
}

/** One model of one server. */
class OpenAiEngine implements InferenceEngine {
  readonly #client: ServerClient;
  readonly #address: ServerAddress;
  readonly #server: DiscoveredServer;
  readonly #limits: ServerLimits;
  readonly #completions: string;
  readonly #isChat: boolean;
  readonly #thinkEnd: string | null;
  readonly #thinkingTokens: number;
  readonly #taken = new TakenParameters();
  readonly #choices: SharedChoices;
  #sharesChoices = false;
  #description: EngineDescription;

  constructor({ client, address, server, limits, concurrency, urlApi, thinkEnd, thinkingTokens }: EngineParts) {
    const isChat = urlApi === "chat";
    this.#thinkEnd = thinkEnd;
    this.#thinkingTokens = thinkingTokens;
    this.#client = client;
    this.#address = address;
    this.#server = server;
    this.#limits = limits;
    this.#isChat = isChat;
    this.#completions = `${address.api}/${isChat ? "chat/completions" : "completions"}${address.query}`;
    this.#choices = new SharedChoices({
      body: { ...this.#scoringBody(), ...this.#plainSampling() },
      url: this.#completions,
      limit: server.contextTokens - 1,
      ask: (body, signal) => this.#ask(body, signal),
      scorePair: (pair, signal) => this.#score([pair], signal),
    });
    this.#description = {
      engine: "openai",
      engineVersion: server.version,
      url: address.root,
      model: server.model,
      modelDigest: "",
      contextTokens: server.contextTokens,
      concurrency: concurrency ?? (server.batches ? CONCURRENCY_BATCHING : CONCURRENCY_OTHER),
      capabilities: { kinds: [], missing: {}, repeatable: false },
    };
  }

  get description(): EngineDescription {
    return this.#description;
  }

  /** Fills in the capabilities, and tells what is not used of the server. */
  async probe(signal: AbortSignal, onNotice: (sentence: string) => void): Promise<void> {
    const name = `the server at ${this.#address.root}`;
    const compute = (requests: readonly EvaluationRequest[]) =>
      this.compute(
        this.#isChat ? requests.map((request) => ({ ...request, context: asTurns(request.context) })) : requests,
        signal,
      );
    const capabilities = await probeEngine({ name, compute }, signal);
    if (capabilities.kinds.length === 0) {
      const reason = capabilities.missing.generate_until ?? `${name} answers no request`;
      throw new MusterError("unsupported", reason, {
        wayOut: "Use a server that offers /v1/completions, or give --engine-api chat for one that offers only chats.",
      });
    }
    const { tokenizer } = this.#server;
    if (tokenizer !== null && capabilities.kinds.includes("loglikelihood")) {
      const trouble = await this.#choices.probe(tokenizer, signal);
      this.#sharesChoices = trouble === null;
      if (trouble !== null) onNotice(`${name} is asked for each choice of a sample by itself: ${trouble}`);
    }
    const notes = [...this.#taken.notes, ...(this.#sharesChoices ? [SHARED_NOTE] : [])];
    const engineVersion = [this.#description.engineVersion, ...notes].join(", ");
    this.#description = { ...this.#description, engineVersion, capabilities };
  }

  compute(requests: readonly EvaluationRequest[], signal: AbortSignal): Promise<readonly EngineOutcome[]> {
    const tokenizer = remembering(this.#server.tokenizer);
    const alone = (request: EvaluationRequest): Promise<EngineOutcome> =>
      timedAnswer(() => this.#answer(request, tokenizer, signal));
    if (!this.#sharesChoices || tokenizer === null) return Promise.all(requests.map(alone));
    return this.#choices.compute(requests, { tokenizer, signal, alone });
  }

  async health(): Promise<string | null> {
    try {
      const models = await listModels(this.#client, this.#address, this.#limits);
      if (models === null || models.some(({ id }) => id === this.#server.model)) return null;
      return `${this.#address.api} no longer serves ${this.#server.model}`;
    } catch (error) {
      const { reason, message } = RequestError.toFailure(error);
      // Who limits how often it is asked is there.
      return reason === "http_429" ? null : message;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #answer(request: EvaluationRequest, tokenizer: Tokenizer | null, signal: AbortSignal): Promise<Answer> {
    const { kind, context, continuation } = request;
    if (this.#isChat && kind === "generate_until") return this.#chat(context, request.generation!, signal);
    if (this.#isChat) {
      const message = `${this.#completions} answers chats and scores no text`;
      throw new RequestError({ retry: "elsewhere", reason: "no_scoring", message });
    }
    if (kind === "generate_until") return this.#generate(context, request.generation!, tokenizer, signal);
    if (tokenizer === null) {
      const message = `${this.#address.root} has no /tokenize as vLLM has, without which no text can be scored exactly`;
      throw new RequestError({ retry: "elsewhere", reason: "no_tokenizer", message });
    }
    if (kind === "loglikelihood") return this.#score([await encodePair(tokenizer, context, continuation)], signal);
    return this.#scoreText(context, tokenizer, signal);
  }

  async #scoreText(text: string, tokenizer: Tokenizer, signal: AbortSignal): Promise<Answer> {
    const tokens = await tokenizer.encodePrompt(text);
    const windows = rollingWindows(tokens, prefixToken(tokenizer), this.#server.contextTokens - 2);
    return { ...(await this.#score(windows, signal)), isGreedy: false };
  }

  /** The sum over all pairs, in their order. */
  async #score(pairs: readonly TokenPair[], signal: AbortSignal): Promise<Score> {
    const limit = this.#server.contextTokens - 1;
    const windows = pairs.map((pair) => fitWindow(pair, limit, this.#address.root));
    const scores = await Promise.all(
      windows.map(async ({ context, continuation }) => {
        const prompt = [...context, ...continuation];
        const body = { ...this.#scoringBody(), prompt: [prompt], echo: true };
        const answer = await this.#ask(body, signal);
        return readScore(answer, this.#completions, { contextTokens: context.length, promptTokens: prompt.length });
      }),
    );
    return {
      kind: "logprob",
      logprob: scores.reduce((sum, { logprob }) => sum + logprob, 0),
      isGreedy: scores.every(({ isGreedy }) => isGreedy),
      promptTokens: windows.reduce((sum, { context, continuation }) => sum + context.length + continuation.length, 0),
      completionTokens: windows.length,
      truncatedTokens: windows.reduce((sum, { truncatedTokens }) => sum + truncatedTokens, 0),
    };
  }

  async #generate(
    context: string,
    { until, maxTokens, temperature, extra }: GenerationSettings,
    tokenizer: Tokenizer | null,
    signal: AbortSignal,
  ): Promise<Answer> {
    const limit = this.#server.contextTokens - 1;
    const longest = this.#longest(maxTokens);
    const prompt =
      tokenizer === null ? null : fitPrompt(await tokenizer.encodePrompt(context), longest, limit, this.#address.root);
    const answer = await this.#ask(
      {
        model: this.#server.model,
        // A prompt without a token is sent as the text that it is: the server knows what stands for nothing.
        prompt: prompt === null || prompt.tokens.length === 0 ? context : [prompt.tokens],
        max_tokens: longest,
        temperature,
        // A stop string within the thinking is none: they are looked for in the answer.
        stop: this.#thinkEnd === null ? until.filter((stop) => stop !== "") : [],
        seed: DEFAULT_SEED,
        ...this.#plainSampling(),
        ...extra,
      },
      signal,
    );
    const { text: whole, promptTokens, completionTokens } = readText(answer, this.#completions);
    const { text, thinking } = splitThinking(whole, this.#thinkEnd);
    return {
      kind: "text",
      text: cutAtStops(text, until),
      ...(thinking === "" ? {} : { thinking }),
      promptTokens: prompt?.tokens.length ?? promptTokens,
      completionTokens,
      truncatedTokens: prompt?.truncatedTokens ?? 0,
    };
  }

  /** As the harness's `local-chat-completions`: the server writes the prompt, cuts it where it is too long, and stops. */
  async #chat(
    context: string,
    { until, maxTokens, temperature, extra }: GenerationSettings,
    signal: AbortSignal,
  ): Promise<Answer> {
    const body = {
      messages: readTurns(context),
      model: this.#server.model,
      max_tokens: this.#longest(maxTokens),
      temperature,
      stop: until.slice(0, CHAT_STOPS_MAX),
      seed: DEFAULT_SEED,
      ...extra,
    };
    const answer = await this.#taken.send(body, (adapted) => this.#ask(adapted, signal));
    const { text: whole, thinking: apart, promptTokens, completionTokens } = readMessage(answer, this.#completions);
    const { text, thinking } = splitThinking(whole, this.#thinkEnd);
    const thought = apart + thinking;
    const tokens = { promptTokens, completionTokens, truncatedTokens: 0 };
    return { kind: "text", text, ...(thought === "" ? {} : { thinking: thought }), ...tokens };
  }

  /** What the harness sends to score, beside the prompt. */
  #scoringBody(): Readonly<Record<string, unknown>> {
    return { model: this.#server.model, temperature: 0, max_tokens: 1, logprobs: 1, seed: DEFAULT_SEED };
  }

  /** Nothing changes the probabilities that a token is taken by. */
  #plainSampling(): Readonly<Record<string, unknown>> {
    const usual = { top_p: 1, n: 1, presence_penalty: 0, frequency_penalty: 0 };
    // Such servers take defaults of their own from the model's files unless told.
    return this.#server.batches ? { ...usual, top_k: -1, min_p: 0, repetition_penalty: 1 } : usual;
  }

  #longest(maxTokens: number | null): number {
    return (maxTokens ?? DEFAULT_MAX_TOKENS) + this.#thinkingTokens;
  }

  #ask(body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#client.call(this.#completions, { body, signal, limitMs: this.#limits.answerMs });
  }
}

/** The same tokenizer, that asks the server once for each prompt: the requests of a sample share their context. */
function remembering(tokenizer: Tokenizer | null): Tokenizer | null {
  if (tokenizer === null) return null;
  const known = new Map<string, ReturnType<Tokenizer["encodePrompt"]>>();
  return {
    ...tokenizer,
    encodePrompt(text) {
      let tokens = known.get(text);
      if (tokens === undefined) known.set(text, (tokens = tokenizer.encodePrompt(text)));
      return tokens;
    },
  };
}
