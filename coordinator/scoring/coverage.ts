// The coverage certificate: each sample and each response is ticked off while it is scored, then all ticks are counted.
import { createHash } from "node:crypto";
import { MusterError } from "../../base/muster-error.ts";
import type { CoverageCertificate } from "../../evaluation/manifest.ts";
import type { PlanSample } from "../../evaluation/plan.ts";
import type { PlanManifest } from "../shell/plan-store.ts";

const COUNTED = 1;
const SET_ASIDE = 2;

/** Ticks off samples. */
export class Coverage {
  readonly #plan: PlanManifest;
  readonly #sampleMarks: Uint8Array;
  readonly #requestMarks: Uint8Array;
  readonly #taskCounted: number[];
  readonly #taskSetAside: number[];
  readonly #digest = createHash("sha256");

  constructor(plan: PlanManifest) {
    this.#plan = plan;
    this.#sampleMarks = new Uint8Array(plan.end.sampleCount);
    this.#requestMarks = new Uint8Array(plan.end.requestCount);
    this.#taskCounted = plan.header.tasks.map(() => 0);
    this.#taskSetAside = plan.header.tasks.map(() => 0);
  }

  /** A sample went into the scores, with all its responses. */
  count(sample: PlanSample, promptHash: string): void {
    this.#mark(sample, COUNTED);
    for (let offset = 0; offset < sample.requestCount; offset++) {
      const request = sample.firstRequest + offset;
      if (this.#requestMarks[request] !== 0) throw new MusterError("badData", `request ${request} is counted twice`);
      this.#requestMarks[request] = 1;
    }
    this.#taskCounted[sample.task]! += 1;
    this.#digest.update(`${this.#plan.header.tasks[sample.task]!.name}\t${sample.docId}\t${promptHash}\n`);
  }

  /** A sample stays out of the scores, because of failed requests that are listed. */
  setAside(sample: PlanSample): void {
    this.#mark(sample, SET_ASIDE);
    this.#taskSetAside[sample.task]! += 1;
  }

  /** Counts all ticks. Throws `badData`, naming the first sample that is missing, where the certificate cannot be given. */
  certify(): CoverageCertificate {
    const { header, end } = this.#plan;
    const missing = this.#sampleMarks.indexOf(0);
    if (missing >= 0) throw new MusterError("badData", `sample ${missing} of the plan was never counted`);
    header.tasks.forEach(({ name }, task) => {
      const found = this.#taskCounted[task]! + this.#taskSetAside[task]!;
      const expected = end.taskCounts[task]!.samples;
      if (found !== expected)
        throw new MusterError("badData", `${name} has ${found} samples, the plan says ${expected}`);
    });
    const countedSamples = countOf(this.#sampleMarks, COUNTED);
    const setAsideSamples = countOf(this.#sampleMarks, SET_ASIDE);
    return {
      expectedSamples: end.sampleCount,
      countedSamples,
      setAsideSamples,
      expectedRequests: end.requestCount,
      countedRequests: countOf(this.#requestMarks, 1),
      everySampleCountedOnce: countedSamples === end.sampleCount,
      countedDigest: this.#digest.digest("hex"),
      tasks: header.tasks.map(({ name }, task) => ({
        task: name,
        expected: end.taskCounts[task]!.samples,
        counted: this.#taskCounted[task]!,
      })),
    };
  }

  #mark(sample: PlanSample, mark: number): void {
    if (
      sample.index >= this.#sampleMarks.length ||
      sample.firstRequest + sample.requestCount > this.#requestMarks.length
    ) {
      throw new MusterError("badData", `sample ${sample.index} lies beyond the end of the plan`);
    }
    if (this.#sampleMarks[sample.index] !== 0) {
      throw new MusterError("badData", `sample ${sample.index} of the plan is counted twice`);
    }
    this.#sampleMarks[sample.index] = mark;
  }
}

function countOf(marks: Uint8Array, wanted: number): number {
  let count = 0;
  for (const mark of marks) if (mark === wanted) count += 1;
  return count;
}
