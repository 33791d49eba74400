import type { RequestKind } from "./request.ts";

/** What an engine can do, found by known-answer canaries rather than believed. */
export interface EngineCapabilities {
  /** Kinds of request it answers. */
  readonly kinds: readonly RequestKind[];
  /** Why each missing kind is missing, one sentence each, naming the engine. */
  readonly missing: { readonly [kind in RequestKind]?: string };
  /** Whether the same request gave the same bits alone, repeated and in a batch. */
  readonly repeatable: boolean;
}

/** An engine as agents announce it and manifests record it. */
export interface EngineDescription {
  /** `llama.cpp`, `openai`, `hash`, `simulated`. */
  readonly engine: string;
  readonly engineVersion: string;
  /** URL of an attached server; empty for embedded engines. */
  readonly url: string;
  /** The name that `--model` must match. */
  readonly model: string;
  /** Hex SHA-256 of the weights, or empty where it cannot be known. */
  readonly modelDigest: string;
  /** Longest prompt plus completion, in tokens. */
  readonly contextTokens: number;
  /** Requests (samples) it is worth having in flight at once. */
  readonly concurrency: number;
  readonly capabilities: EngineCapabilities;
}
