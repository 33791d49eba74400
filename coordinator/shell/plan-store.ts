import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import type { PlanEnd, PlanHeader } from "../../evaluation/plan.ts";
import { portableConfig, portableTask } from "../../evaluation/portable-task.ts";
import { readRequests, type RequestRows, selectRequests } from "../../proto/codec/request-columns.ts";
import { decodeJson, encodeJson } from "../../proto/codec/plan-messages.ts";
import { type RequestColumns, RequestColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import type { BlobStore } from "../ports/blob-store.ts";

/** Where one pack of a plan lies. */
export interface StoredPack {
  readonly requestsBlob: string;
  readonly samplesBlob: string;
  readonly firstSample: number;
  readonly sampleCount: number;
  readonly firstRequest: number;
  readonly requestCount: number;
}

/** A plan as it lies in the blob store. */
export interface PlanManifest {
  readonly header: PlanHeader;
  readonly packs: readonly StoredPack[];
  readonly end: PlanEnd;
  /** The options as the user gave them. */
  readonly options: unknown;
}

/** Packs kept decoded; a run's leases touch few at a time. */
const PACKS_CACHED_MAX = 32;

/** Reads plans back: manifests, and the requests of a lease. */
export class PlanStore {
  readonly #blobs: BlobStore;
  readonly #packs = new Map<string, Promise<RequestRows>>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  async manifest(digest: string): Promise<PlanManifest> {
    return decodeJson(await this.#blobs.get(digest)) as PlanManifest;
  }

  /** Whether all that a plan is made of can be read. */
  async isWhole(digest: string): Promise<boolean> {
    try {
      const { packs } = await this.manifest(digest);
      for (const { requestsBlob, samplesBlob } of packs) {
        await this.#blobs.get(requestsBlob);
        await this.#blobs.get(samplesBlob);
      }
      return true;
    } catch (error) {
      if (isBlobLost(error)) return false;
      throw error;
    }
  }

  async saveManifest(manifest: PlanManifest): Promise<string> {
    return this.#blobs.put(encodeJson(manifest));
  }

  /** Requests of the given samples (ascending) that `isOpen` lets through, in one message for each pack touched. */
  async *requestsOf(
    plan: PlanManifest,
    samples: Uint32Array,
    isOpen: (requestIndex: number) => boolean,
  ): AsyncGenerator<RequestColumns> {
    let packIndex = 0;
    let position = 0;
    while (position < samples.length) {
      while (samples[position]! >= plan.packs[packIndex]!.firstSample + plan.packs[packIndex]!.sampleCount) packIndex++;
      const pack = plan.packs[packIndex]!;
      const wanted = new Set<number>();
      while (position < samples.length && samples[position]! < pack.firstSample + pack.sampleCount) {
        wanted.add(samples[position]!);
        position++;
      }
      const rows = await this.#rows(pack.requestsBlob);
      const chosen: number[] = [];
      for (let row = 0; row < rows.count; row++) {
        if (wanted.has(rows.sampleIndex[row]!) && isOpen(rows.requestIndex[row]!)) chosen.push(row);
      }
      if (chosen.length > 0) yield selectRequests(rows, chosen);
    }
  }

  #rows(digest: string): Promise<RequestRows> {
    const cached = this.#packs.get(digest);
    const rows =
      cached ?? this.#blobs.get(digest).then((bytes) => readRequests(fromBinary(RequestColumnsSchema, bytes)));
    this.#packs.delete(digest);
    this.#packs.set(digest, rows);
    if (cached === undefined) rows.catch(() => this.#packs.delete(digest));
    const [oldest] = this.#packs.keys();
    if (this.#packs.size > PACKS_CACHED_MAX && oldest !== undefined) this.#packs.delete(oldest);
    return rows;
  }
}

/** Whether a blob is gone or damaged, so that reading it again does not help. */
export function isBlobLost(error: unknown): error is MusterError {
  return error instanceof MusterError && (error.kind === "notFound" || error.kind === "badData");
}

/** Names what would be evaluated, wherever its files lie: header, packs and counts, without paths. */
export function digestPlan({ header, packs, end }: PlanManifest): string {
  const datasets = end.datasets.map(({ source: _source, ...rest }) => rest);
  const tasks = header.tasks.map(portableTask);
  const groups = header.groups.map((group) => ({ ...group, config: portableConfig(group.config) }));
  return createHash("sha256")
    .update(encodeJson([{ ...header, tasks, groups }, packs, { ...end, datasets }]))
    .digest("hex");
}

/** The bytes of request columns as they are stored. */
export function encodeRequestBlob(columns: RequestColumns | undefined): Uint8Array {
  if (columns === undefined) throw new MusterError("badData", "a plan pack without its requests");
  return toBinary(RequestColumnsSchema, create(RequestColumnsSchema, columns));
}
