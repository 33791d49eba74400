// Digests of what the model answered, small enough to lie in a manifest: four bytes a sample tell which samples another
// run answered differently, and one whole digest tells that none was.
import { createHash } from "node:crypto";
import type { ManifestResponses } from "../../evaluation/manifest.ts";
import type { PlanSample } from "../../evaluation/plan.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import type { PlanManifest } from "../shell/plan-store.ts";

const BYTES_EACH = 4;

/** Collects the digests of a run's samples, which come in the plan's order. */
export class ResponseDigests {
  readonly #names: readonly string[];
  readonly #digests: readonly Buffer[];
  readonly #filled: number[];
  readonly #all = createHash("sha256");

  constructor({ header, end }: PlanManifest) {
    this.#names = header.tasks.map(({ name }) => name);
    this.#digests = header.tasks.map((_, task) => Buffer.alloc(end.taskCounts[task]!.samples * BYTES_EACH));
    this.#filled = header.tasks.map(() => 0);
  }

  count({ task }: PlanSample, responses: readonly EvaluationResponse[]): void {
    const digest = createHash("sha256")
      .update(JSON.stringify(responses.map(contentOf)))
      .digest();
    this.#all.update(digest);
    digest.copy(this.#digests[task]!, this.#filled[task]! * BYTES_EACH, 0, BYTES_EACH);
    this.#filled[task]! += 1;
  }

  /** A sample without an answer: its four bytes stay zero. */
  setAside({ task }: PlanSample): void {
    this.#all.update("set aside");
    this.#filled[task]! += 1;
  }

  finish(): ManifestResponses {
    return {
      digest: this.#all.digest("hex"),
      tasks: this.#names.map((task, position) => ({
        task,
        sampleDigests: this.#digests[position]!.toString("base64"),
      })),
    };
  }
}

/** What was answered, to the bit, without what it took. */
function contentOf(response: EvaluationResponse): readonly (string | boolean)[] {
  if (response.kind === "text") return ["text", response.text, response.thinking ?? ""];
  const bits = Buffer.alloc(8);
  bits.writeDoubleLE(response.logprob);
  return ["logprob", bits.toString("hex"), response.isGreedy];
}
