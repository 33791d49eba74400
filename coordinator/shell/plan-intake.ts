import { MusterError } from "../../base/muster-error.ts";
import type { PlanEnd, PlanHeader, PlanTask } from "../../evaluation/plan.ts";
import { REQUEST_KINDS, type RequestKind } from "../../evaluation/request.ts";
import { decodeJson } from "../../proto/codec/plan-messages.ts";
import { readRequests } from "../../proto/codec/request-columns.ts";
import { uint32Column } from "../../proto/codec/typed-columns.ts";
import type { PlanPackMessage, RunSubmission } from "../../proto/gen/muster/v1/operator_pb.js";
import type { PlanShape, RunDescription } from "../core/input.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { digestPlan, encodeRequestBlob, type PlanStore, type StoredPack } from "./plan-store.ts";

/** A run id may become a file name and a journal name. */
const RUN_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const REQUESTS_MAX = 0xfffffffe;

/** Receives one plan, pack by pack, and stores it as it comes; refuses what contradicts itself. */
export class PlanIntake {
  readonly run: RunDescription;
  readonly header: PlanHeader;
  readonly #options: unknown;
  readonly #blobs: BlobStore;
  readonly #plans: PlanStore;
  readonly #packs: StoredPack[] = [];
  readonly #requestCounts: Uint32Array[] = [];
  readonly #costs: Uint32Array[] = [];
  readonly #tasks: Uint32Array[] = [];
  #samples = 0;
  #requests = 0;

  constructor(submission: RunSubmission, nowUnixMs: number, blobs: BlobStore, plans: PlanStore) {
    if (!RUN_ID.test(submission.runId)) {
      throw new MusterError(
        "usage",
        `run id ${JSON.stringify(submission.runId.slice(0, 80))} is not made of a-z, 0-9 and -`,
      );
    }
    this.run = {
      runId: submission.runId,
      suite: submission.suite,
      model: submission.model,
      seed: Number(submission.seed),
      submittedBy: submission.submittedBy,
      createdUnixMs: nowUnixMs,
    };
    this.header = parseHeader(submission.headerJson);
    this.#options = submission.optionsJson.length === 0 ? {} : decodeJson(submission.optionsJson);
    this.#blobs = blobs;
    this.#plans = plans;
  }

  /** Stores one pack. Packs come in plan order, without gaps. */
  async addPack(message: PlanPackMessage): Promise<void> {
    const sampleCount = message.sampleRequestCount.length / 4;
    const requestCount = message.requests?.count ?? 0;
    const requestCounts = uint32Column(message.sampleRequestCount, sampleCount, "sample_request_count").slice();
    const tasks = uint32Column(message.sampleTask, sampleCount, "sample_task").slice();
    this.#check(message, requestCounts, tasks);
    const [requestsBlob, samplesBlob] = await Promise.all([
      this.#blobs.put(encodeRequestBlob(message.requests)),
      this.#blobs.put(message.samplesJson),
    ]);
    this.#requestCounts.push(requestCounts);
    this.#costs.push(uint32Column(message.sampleCostTokens, sampleCount, "sample_cost_tokens").slice());
    this.#tasks.push(tasks);
    this.#packs.push({
      requestsBlob,
      samplesBlob,
      firstSample: this.#samples,
      sampleCount,
      firstRequest: this.#requests,
      requestCount,
    });
    this.#samples += sampleCount;
    this.#requests += requestCount;
  }

  /** Stores the manifest; the plan is complete. */
  async finish(endJson: Uint8Array): Promise<PlanShape> {
    const end = decodeJson(endJson) as PlanEnd;
    if (end.sampleCount !== this.#samples || end.requestCount !== this.#requests) {
      throw new MusterError(
        "badData",
        `the plan ends with ${end.sampleCount} samples and ${end.requestCount} requests, but ${this.#samples} and ${this.#requests} arrived`,
        { wayOut: "Submit it again." },
      );
    }
    const manifest = { header: this.header, packs: this.#packs, end, options: this.#options };
    return {
      planDigest: digestPlan(manifest),
      manifestBlob: await this.#plans.saveManifest(manifest),
      requestCount: this.#requests,
      sampleCount: this.#samples,
      sampleRequestCount: join(this.#requestCounts),
      sampleCostTokens: join(this.#costs),
      sampleTask: join(this.#tasks),
      taskKinds: this.header.tasks.map(requestKind),
      taskNames: this.header.tasks.map((task) => task.name),
    };
  }

  #check(message: PlanPackMessage, requestCounts: Uint32Array, tasks: Uint32Array): void {
    if (message.requests === undefined) throw new MusterError("badData", "a plan pack without its requests");
    const rows = readRequests(message.requests);
    const total = requestCounts.reduce((sum, count) => sum + count, 0);
    if (total !== rows.count) {
      throw new MusterError("badData", `a plan pack of ${rows.count} requests whose samples claim ${total}`);
    }
    if (this.#requests + rows.count > REQUESTS_MAX)
      throw new MusterError("usage", "a plan of more than 4 billion requests");
    if (tasks.some((task) => task >= this.header.tasks.length)) {
      throw new MusterError("badData", "a plan pack names a task that its header does not have");
    }
    let row = 0;
    requestCounts.forEach((count, offset) => {
      for (let request = 0; request < count; request++, row++) {
        if (rows.requestIndex[row] !== this.#requests + row || rows.sampleIndex[row] !== this.#samples + offset) {
          throw new MusterError("badData", `plan pack ${this.#packs.length} is out of order at row ${row}`);
        }
      }
    });
  }
}

/** The kind of request a task makes: multiple choice is scored by log-likelihood. */
export function requestKind(task: PlanTask): RequestKind {
  return task.outputKind === "multiple_choice" ? "loglikelihood" : task.outputKind;
}

function parseHeader(json: Uint8Array): PlanHeader {
  const header = decodeJson(json) as PlanHeader;
  if (!Array.isArray(header.tasks) || !Array.isArray(header.generations) || typeof header.profile !== "string") {
    throw new MusterError("badData", "the plan's header has no tasks, generation settings or profile");
  }
  for (const task of header.tasks) {
    if (!REQUEST_KINDS.includes(requestKind(task))) {
      throw new MusterError("badData", `task ${task.name} makes requests of unknown kind ${task.outputKind}`);
    }
  }
  return header;
}

function join(columns: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) {
    joined.set(column, at);
    at += column.length;
  }
  return joined;
}
