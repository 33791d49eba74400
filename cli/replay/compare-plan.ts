// Whether tasks, settings and data are still those that a manifest pins: the plan is made once without asking anybody,
// and what names it is compared.
import { createHash } from "node:crypto";
import { assert } from "../../base/assert.ts";
import { digestPlan, encodeRequestBlob, type StoredPack } from "../../coordinator/shell/plan-store.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";
import type { PlanEnd, PlanHeader, PlanPack } from "../../evaluation/plan.ts";
import { digestTask } from "../../evaluation/task-digest.ts";
import { streamPlan, type StreamPlanOptions } from "../../frontend/stream-plan.ts";
import { encodePack } from "../../proto/codec/plan-messages.ts";
import type { RunWish } from "../run-wish.ts";
import { compareDatasets } from "./compare-datasets.ts";

/** What was found before a replay. */
export interface PlanComparison {
  /** What makes it another run, a sentence each. */
  readonly differences: readonly string[];
  /** What is new and changes nothing by itself. */
  readonly notes: readonly string[];
  /** What brings the data back, where it is known. */
  readonly wayOut: string | null;
}

/** Makes the plan, and says in what it is another one than the manifest's. */
export async function comparePlan(
  manifest: RunManifest,
  { request }: RunWish,
  options: StreamPlanOptions,
): Promise<PlanComparison> {
  let header: PlanHeader | null = null;
  const packs: StoredPack[] = [];
  for await (const piece of streamPlan(request, options)) {
    if (piece.kind === "header") header = piece.header;
    else if (piece.kind === "pack") packs.push(namePack(piece.pack, header!.generations));
    else {
      const digest = digestPlan({ header: header!, packs, end: piece.end, options: null });
      return comparePlans(manifest, { header: header!, end: piece.end, digest });
    }
  }
  assert(false, "a plan without its end");
}

/** A pack as a coordinator would store it. */
function namePack(pack: PlanPack, generations: PlanHeader["generations"]): StoredPack {
  const { requests, samplesJson } = encodePack(pack, generations);
  return {
    requestsBlob: sha256(encodeRequestBlob(requests)),
    samplesBlob: sha256(samplesJson),
    firstSample: pack.samples[0]!.index,
    sampleCount: pack.samples.length,
    firstRequest: pack.samples[0]!.firstRequest,
    requestCount: pack.requests.length,
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a plan comes to: enough to compare it with another one. */
interface PlanNames {
  readonly header: PlanHeader;
  readonly end: PlanEnd;
  readonly digest: string;
}

function comparePlans(manifest: RunManifest, { header, end, digest }: PlanNames): PlanComparison {
  const { coverage, profile, planDigest } = manifest;
  const data = compareDatasets(manifest.datasets, end.datasets);
  const differences = [...compareTasks(manifest, header), ...data.differences];
  if (header.profile !== profile) differences.unshift(`the profile is ${header.profile}; it was ${profile}`);
  const [samples, requests] = [coverage.expectedSamples, coverage.expectedRequests];
  if (end.sampleCount !== samples) differences.push(`there are ${end.sampleCount} samples; there were ${samples}`);
  if (end.requestCount !== requests) differences.push(`there are ${end.requestCount} requests; there were ${requests}`);
  if (differences.length === 0 && digest !== planDigest) {
    const digests = `plan ${short(digest)}; it was ${short(planDigest)}`;
    differences.push(`tasks and data have the digests that they had, and the prompts are other ones (${digests})`);
  }
  const fetch = `Fetch the data as it was (${data.pulls.join("; ")}) and add --dataset-map muster-data/map.json`;
  const wayOut = data.pulls.length === 0 ? null : fetch;
  return { differences, notes: data.notes, wayOut };
}

function compareTasks({ tasks }: RunManifest, header: PlanHeader): string[] {
  if (tasks === undefined) return [];
  const old = new Map(tasks.map((task) => [task.task, task]));
  const now = new Map(header.tasks.map((task) => [task.name, task]));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [before, task] = [old.get(name), now.get(name)];
    if (task === undefined) return [`the task ${name} is not there any more`];
    if (before === undefined) return [`the task ${name} was not there`];
    const digest = digestTask(task);
    if (digest === before.digest) return [];
    const versions =
      task.version === before.version ? "" : `: its version is ${task.version}; it was ${before.version}`;
    return [`the task ${name} says something else (${short(digest)}; it was ${short(before.digest)})${versions}`];
  });
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
