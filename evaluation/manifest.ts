import type { EngineDescription } from "./engine.ts";
import type { PlanDataset, PlanHeader } from "./plan.ts";

/** A request that no slot could answer; its sample is in no score. */
export interface SetAsideRequest {
  readonly requestIndex: number;
  readonly reason: string;
  readonly message: string;
}

/** A sample that is in no score, with the requests that are to blame. */
export interface SetAsideSample {
  readonly task: string;
  readonly docId: number;
  readonly requests: readonly SetAsideRequest[];
}

/**
 * That every expected sample was counted exactly once, or set aside by name: found by counting while the scores were
 * made, not by comparing totals.
 */
export interface CoverageCertificate {
  readonly expectedSamples: number;
  readonly countedSamples: number;
  readonly setAsideSamples: number;
  readonly expectedRequests: number;
  /** Responses that went into scores. */
  readonly countedRequests: number;
  readonly everySampleCountedOnce: boolean;
  /** SHA-256 over one line a counted sample in the plan's order: `task`, `doc_id` and `prompt_hash`, joined by tabs. */
  readonly countedDigest: string;
  readonly tasks: readonly { readonly task: string; readonly expected: number; readonly counted: number }[];
}

/** What an agent did for a run. */
export interface ManifestAgent {
  readonly agentId: string;
  readonly hostName: string;
  readonly musterVersion: string;
  readonly pricePerSlotHour: number;
  readonly engines: readonly ({ readonly slotId: string } & EngineDescription)[];
  /** Responses that counted. */
  readonly responses: number;
  readonly slotSeconds: number;
  readonly leases: number;
}

/** A shard of the run: what one slot was given, and how that ended. */
export interface ManifestLease {
  readonly leaseId: string;
  readonly agentId: string;
  readonly slotId: string;
  readonly epoch: number;
  readonly sampleCount: number;
  readonly end: string | null;
}

/** Totals of a run. */
export interface ManifestTotals {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly truncatedRequests: number;
  readonly slotSeconds: number;
  readonly costUsd: number;
  readonly duplicates: number;
  readonly disagreements: number;
  readonly leaseExpiries: number;
}

/** `manifest.json`: what was evaluated, by whom, at what cost, and the proof that nothing is missing. */
export interface RunManifest {
  readonly format: "muster-manifest/1";
  readonly musterVersion: string;
  readonly profile: string;
  /** Tasks whose files come with other versions of the harness: their scores are those of the profile's rules. */
  readonly otherVersions?: PlanHeader["otherVersions"];
  readonly run: {
    readonly runId: string;
    readonly suite: string;
    readonly model: string;
    readonly submittedBy: string;
    readonly createdUnixMs: number;
    readonly endedUnixMs: number;
  };
  /** Names all prompts, documents, settings and data of the run. */
  readonly planDigest: string;
  /** Names all scores of the run: equal for any number of agents and any order of arrival. */
  readonly scoresDigest: string;
  readonly datasets: readonly PlanDataset[];
  readonly options: unknown;
  readonly seeds: PlanHeader["seeds"];
  readonly limit: number | null;
  readonly numFewshot: number | null;
  readonly bootstrapIterations: number;
  readonly agents: readonly ManifestAgent[];
  readonly leases: readonly ManifestLease[];
  readonly totals: ManifestTotals;
  /** Requests whose prompt was cut from the left, at most 1000 of them by number. */
  readonly truncated: { readonly requests: number; readonly firstIndexes: readonly number[] };
  readonly setAside: readonly SetAsideSample[];
  readonly coverage: CoverageCertificate;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}
