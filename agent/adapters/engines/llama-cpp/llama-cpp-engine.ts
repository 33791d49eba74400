import { availableParallelism, freemem } from "node:os";
import { getModuleVersion, type Llama, type LlamaContext, type LlamaModel, type Token } from "node-llama-cpp";
import { MusterError } from "../../../../base/muster-error.ts";
import type { EngineDescription } from "../../../../evaluation/engine.ts";
import type { EvaluationRequest, GenerationSettings } from "../../../../evaluation/request.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { resolveModel } from "../../models/resolve-model.ts";
import type { EngineOptions } from "../engine-options.ts";
import { cutAtStops, DEFAULT_MAX_TOKENS } from "../generation.ts";
import { probeEngine } from "../probe.ts";
import { type Answer, type Score, timedAnswer } from "../timed-answer.ts";
import { encodePair, prefixToken, type TokenPair, type Tokenizer } from "../tokens/encode-pair.ts";
import { fitPrompt, fitWindow, rollingWindows } from "../tokens/windows.ts";
import { Lane, LOG_FLOOR, PROMPT_BATCH } from "./lane.ts";
import { llamaTokenizer } from "./llama-tokenizer.ts";
import { loadLlama, loadModel } from "./load-llama.ts";
import { readSampling } from "./read-sampling.ts";

/** Longest text, whatever more a model could hold: the same on every host, since truncation depends on it. */
const CONTEXT_TOKENS_MAX = 8192;
/** Cells that the library keeps free, and then some. */
const CONTEXT_SPARE = 8;
/** Share of the free memory that lanes may take. */
const MEMORY_SHARE = 0.25;

/**
 * Loads a model into this process. Throws `usage` without a model, `unsupported` where the library has no build for this
 * host or the model fails the canaries, `badData` where the file is none, and what resolving a model throws.
 */
export async function openLlamaCppEngine(
  options: Pick<EngineOptions, "model" | "concurrency" | "threads" | "cacheFolder" | "onProgress" | "signal">,
): Promise<InferenceEngine> {
  if (options.model === null) {
    throw new MusterError("usage", "--engine llama.cpp needs a model", {
      wayOut: "Give --model a name of the catalogue or a GGUF file.",
    });
  }
  const { signal } = options;
  const resolved = await resolveModel(options.model, options);
  const threads = options.threads ?? availableParallelism();
  const llama = await loadLlama(threads);
  try {
    const model = await loadModel(llama, resolved.file, signal);
    const version = `node-llama-cpp ${await getModuleVersion()}, llama.cpp ${llama.llamaCppRelease.release}`;
    const lanes = await openLanes(model, { isGpu: llama.gpu !== false, threads, concurrency: options.concurrency });
    const engine = new LlamaCppEngine({ llama, model, lanes, name: resolved.name, digest: resolved.sha256, version });
    await engine.probe(signal);
    return engine;
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

/**
 * As many lanes as there are threads, each with one: threads that share an evaluation wait for each other at every
 * step, which costs much on a busy host, and lanes that share nothing cost nothing. Fewer where memory is scarce.
 */
async function openLanes(model: LlamaModel, { isGpu, threads, concurrency }: LaneOptions): Promise<Lane[]> {
  const contextSize = contextTokens(model) + CONTEXT_SPARE;
  const open = (lanes: number): Promise<LlamaContext> => {
    const each = Math.max(1, Math.floor(threads / lanes));
    return model.createContext({
      contextSize,
      batchSize: PROMPT_BATCH,
      sequences: 1,
      threads: each,
      flashAttention: false,
    });
  };
  const wanted = concurrency ?? (isGpu ? 1 : threads);
  const bytes = freemem() * MEMORY_SHARE;
  let first = await open(wanted);
  const count = Math.max(1, Math.min(wanted, Math.floor(bytes / Math.max(1, first.memoryUsage.ram))));
  if (count < wanted) {
    await first.dispose();
    first = await open(count);
  }
  const contexts = [first];
  while (contexts.length < count) contexts.push(await open(count));
  return contexts.map((context) => new Lane(context));
}

interface LaneOptions {
  readonly isGpu: boolean;
  readonly threads: number;
  /** Lanes that the user asked for. */
  readonly concurrency: number | null;
}

function contextTokens(model: LlamaModel): number {
  return Math.min(model.trainContextSize, CONTEXT_TOKENS_MAX);
}

interface EngineParts {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly lanes: readonly Lane[];
  readonly name: string;
  readonly digest: string;
  /** Of the library and of llama.cpp in it. */
  readonly version: string;
}

/** One model in this process. Prompts are cut as the harness's `hf` backend cuts them. */
class LlamaCppEngine implements InferenceEngine {
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #tokenizer: Tokenizer;
  readonly #lanes: readonly Lane[];
  readonly #free: Lane[];
  readonly #waiting: ((lane: Lane) => void)[] = [];
  #description: EngineDescription;

  constructor({ llama, model, lanes, name, digest, version }: EngineParts) {
    this.#llama = llama;
    this.#model = model;
    this.#tokenizer = llamaTokenizer(model);
    this.#lanes = lanes;
    this.#free = [...lanes];
    this.#description = {
      engine: "llama.cpp",
      engineVersion: version,
      url: "",
      model: name,
      modelDigest: digest,
      contextTokens: contextTokens(model),
      concurrency: lanes.length,
      capabilities: { kinds: [], missing: {}, repeatable: false },
    };
  }

  get description(): EngineDescription {
    return this.#description;
  }

  /** Fills in the capabilities. */
  async probe(signal: AbortSignal): Promise<void> {
    const name = `llama.cpp with ${this.#description.model}`;
    const compute = (requests: readonly EvaluationRequest[]) => this.compute(requests, signal);
    const capabilities = await probeEngine({ name, compute }, signal);
    if (capabilities.kinds.length === 0) {
      throw new MusterError("unsupported", capabilities.missing.generate_until ?? `${name} answers no request`, {
        wayOut: "Use another model file.",
      });
    }
    this.#description = { ...this.#description, capabilities };
  }

  async compute(requests: readonly EvaluationRequest[], signal: AbortSignal): Promise<readonly EngineOutcome[]> {
    const lane = await this.#takeLane();
    try {
      const outcomes: EngineOutcome[] = [];
      for (const request of requests) outcomes.push(await timedAnswer(() => this.#answer(lane, request, signal)));
      return outcomes;
    } finally {
      this.#giveLane(lane);
    }
  }

  health(): Promise<string | null> {
    return Promise.resolve(this.#model.disposed ? "llama.cpp has unloaded its model" : null);
  }

  close(): Promise<void> {
    const floored = this.#lanes.reduce((sum, { flooredTokens }) => sum + flooredTokens, 0);
    if (floored > 0) {
      process.emitWarning(
        `${floored} scored tokens had a probability too small for llama.cpp's 32 bits and count as ${LOG_FLOOR}`,
      );
    }
    return this.#llama.dispose();
  }

  #takeLane(): Promise<Lane> {
    const lane = this.#free.pop();
    return lane === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(lane);
  }

  #giveLane(lane: Lane): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(lane);
    else next(lane);
  }

  async #answer(lane: Lane, request: EvaluationRequest, signal: AbortSignal): Promise<Answer> {
    const { kind, context, continuation } = request;
    if (kind === "generate_until") return this.#generate(lane, context, request.generation!, signal);
    if (kind === "loglikelihood") {
      return this.#score(lane, [await encodePair(this.#tokenizer, context, continuation)], signal);
    }
    const tokens = await this.#tokenizer.encodePrompt(context);
    const windows = rollingWindows(tokens, prefixToken(this.#tokenizer), this.#description.contextTokens);
    return { ...(await this.#score(lane, windows, signal)), isGreedy: false };
  }

  /** The sum over all pairs, in their order. */
  async #score(lane: Lane, pairs: readonly TokenPair[], signal: AbortSignal): Promise<Score> {
    let [logprob, isGreedy, promptTokens, truncatedTokens] = [0, true, 0, 0];
    for (const pair of pairs) {
      // The last token is scored but never read, so one more fits.
      const window = fitWindow(pair, this.#description.contextTokens + 1, "llama.cpp");
      const scored = await lane.score(window, signal);
      logprob += scored.logprob;
      isGreedy &&= scored.isGreedy;
      promptTokens += window.context.length + window.continuation.length;
      truncatedTokens += window.truncatedTokens;
    }
    return { kind: "logprob", logprob, isGreedy, promptTokens, completionTokens: 0, truncatedTokens };
  }

  async #generate(lane: Lane, context: string, settings: GenerationSettings, signal: AbortSignal): Promise<Answer> {
    const longest = settings.maxTokens ?? DEFAULT_MAX_TOKENS;
    const encoded = await this.#tokenizer.encodePrompt(context);
    const prompt = encoded.length > 0 ? encoded : [prefixToken(this.#tokenizer)];
    const { tokens, truncatedTokens } = fitPrompt(prompt, longest, this.#description.contextTokens, "llama.cpp");
    const read = (generated: readonly Token[]): string => this.#model.detokenize(generated);
    const stops = settings.until.filter((stop) => stop !== "");
    const isEnough = (generated: readonly Token[]): boolean => {
      if (generated.length >= longest) return true;
      if (stops.length === 0) return false;
      const text = read(generated);
      return stops.some((stop) => text.includes(stop));
    };
    const generated = await lane.generate(tokens, readSampling(settings), isEnough, signal);
    return {
      kind: "text",
      text: cutAtStops(read(generated), settings.until),
      promptTokens: tokens.length,
      completionTokens: generated.length,
      truncatedTokens,
    };
  }
}
