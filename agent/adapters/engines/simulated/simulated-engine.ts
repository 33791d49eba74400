import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { MusterError } from "../../../../base/muster-error.ts";
import type { EngineDescription } from "../../../../evaluation/engine.ts";
import type { EvaluationRequest } from "../../../../evaluation/request.ts";
import type { RequestFailure } from "../../../../evaluation/response.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { answerByHash, hashDescription } from "../hash/hash-engine.ts";

const CONCURRENCY = 16;

/** What `--simulation` takes. */
const settingsSchema = z.strictObject({
  /** Time to compute one sample, milliseconds. */
  latencyMs: z.number().min(0).max(3_600_000).default(20),
  /** How far single samples are from it, as a share: 0.5 means half to one and a half times. */
  jitter: z.number().min(0).max(1).default(0.5),
  /** Share of requests whose first attempt fails. */
  failShare: z.number().min(0).max(1).default(0),
  /** Share of requests that always fail. */
  brokenShare: z.number().min(0).max(1).default(0),
  /** Another seed draws other latencies and failures. */
  seed: z.number().int().min(0).default(0),
});

type Settings = z.infer<typeof settingsSchema>;

/** Answers like the hash engine, with the speed and the faults that a test or a rehearsal asks for. All is seeded. */
export class SimulatedEngine implements InferenceEngine {
  readonly description: EngineDescription;
  readonly #settings: Settings;
  readonly #tried = new Set<number>();

  constructor(model: string, concurrency: number | null, settings: Readonly<Record<string, unknown>>) {
    this.description = hashDescription("simulated", model, concurrency ?? CONCURRENCY);
    this.#settings = readSettings(settings);
  }

  async compute(requests: readonly EvaluationRequest[], signal: AbortSignal): Promise<readonly EngineOutcome[]> {
    const { latencyMs, jitter } = this.#settings;
    const delayMs = latencyMs * (1 + jitter * (2 * this.#draw("latency", requests[0]!.index) - 1));
    try {
      if (delayMs > 0) await sleep(delayMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      return requests.map(() => failure("aborted", "the agent stopped the request"));
    }
    const latencyUs = Math.round(delayMs * 1000);
    return requests.map((request) => this.#fault(request) ?? { ...answerByHash(request), latencyUs });
  }

  health(): Promise<string | null> {
    return Promise.resolve(null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #fault({ index }: EvaluationRequest): RequestFailure | null {
    const { failShare, brokenShare } = this.#settings;
    if (this.#draw("broken", index) < brokenShare)
      return failure("simulated", `request ${index} is made to fail always`);
    if (this.#tried.has(index) || this.#draw("fail", index) >= failShare) return null;
    this.#tried.add(index);
    return failure("simulated", `request ${index} is made to fail once`);
  }

  /** A number from 0 to 1 that depends on the seed, the purpose and the request only. */
  #draw(purpose: string, index: number): number {
    const text = `${this.#settings.seed} ${purpose} ${index}`;
    return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
  }
}

function failure(reason: string, message: string): RequestFailure {
  return { kind: "failed", retry: "elsewhere", reason, message: `simulated engine: ${message}` };
}

function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  const result = settingsSchema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new MusterError("usage", `--simulation ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`, {
    wayOut: `Settings: ${Object.keys(settingsSchema.shape).join(", ")}; for example --simulation latencyMs=50,failShare=0.1`,
  });
}
