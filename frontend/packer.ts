import { predictCostTokens } from "../evaluation/harness/task/predict-cost.ts";
import type { RenderedDocument } from "../evaluation/harness/task/render-document.ts";
import type { PlanPiece, PlanSample } from "../evaluation/plan.ts";
import type { EvaluationRequest } from "../evaluation/request.ts";

/** A pack is closed when it has this many requests, */
const REQUESTS_PER_PACK = 256;
/** or this many characters of prompts: packs travel as one message, and a coordinator keeps a few in memory. */
const CHARACTERS_PER_PACK = 1_000_000;

/** Numbers samples and requests in the plan's order and collects them into packs; a sample is never split. */
export class Packer {
  #samples: PlanSample[] = [];
  #requests: EvaluationRequest[] = [];
  #costs: number[] = [];
  #characters = 0;
  #sampleCount = 0;
  #requestCount = 0;

  get sampleCount(): number {
    return this.#sampleCount;
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  /** Takes the next sample; gives a pack when one is full. */
  add(place: { readonly task: number; readonly docId: number }, document: RenderedDocument): PlanPiece | undefined {
    const { requests, ...rest } = document;
    this.#samples.push({
      index: this.#sampleCount,
      ...place,
      ...rest,
      firstRequest: this.#requestCount,
      requestCount: requests.length,
    });
    this.#sampleCount += 1;
    this.#costs.push(predictCostTokens(requests));
    let context = "";
    for (const request of requests) {
      this.#requests.push({ index: this.#requestCount, ...request });
      this.#requestCount += 1;
      // A context that a sample's requests share travels once.
      if (request.context !== context) this.#characters += request.context.length;
      ({ context } = request);
    }
    const isFull = this.#requests.length >= REQUESTS_PER_PACK || this.#characters >= CHARACTERS_PER_PACK;
    return isFull ? this.takeRest() : undefined;
  }

  /** The last, smaller pack; undefined where nothing is left. */
  takeRest(): PlanPiece | undefined {
    if (this.#samples.length === 0) return undefined;
    const pack = {
      samples: this.#samples,
      requests: this.#requests,
      sampleCostTokens: Uint32Array.from(this.#costs),
    };
    [this.#samples, this.#requests, this.#costs] = [[], [], []];
    this.#characters = 0;
    return { kind: "pack", pack };
  }
}
