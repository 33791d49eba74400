// Whether the model is still the one that a manifest pins, asked of the agents before anything is computed.
import { MUSTER_VERSION } from "../../base/node/version.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";

/** What is known of a slot's engine. */
export interface EngineFacts {
  readonly engine: string;
  readonly engineVersion: string;
  readonly model: string;
  readonly modelDigest: string;
}

/** What differs: `model` makes it another run, `notes` may explain a difference and make none by themselves. */
export interface EngineComparison {
  readonly model: readonly string[];
  readonly notes: readonly string[];
}

/** Compares the slots that will compute with those that did. */
export function compareEngines({ run, agents }: RunManifest, now: readonly EngineFacts[]): EngineComparison {
  const before = agents.flatMap(({ engines }) => engines).filter((engine) => engine.model === run.model);
  const [weights, newWeights] = [distinct(before, weightsOf), distinct(now, weightsOf)];
  const model: string[] = [];
  const notes: string[] = [];
  const names = distinct(now, (engine) => engine.model);
  const isSameWeights = weights.length === 1 && newWeights.length === 1 && weights[0] === newWeights[0];
  const areKnown = !weights.includes("") && !newWeights.includes("") && weights.length > 0 && newWeights.length > 0;
  if (areKnown && newWeights.some((digest) => !weights.includes(digest))) {
    model.push(`the model has other weights (${shorts(newWeights)}; it had ${shorts(weights)})`);
  } else if (names.some((name) => name !== run.model)) {
    const sentence = `the model is ${names.join(", ")}; it was ${run.model}`;
    if (areKnown && isSameWeights) notes.push(`${sentence}, with the same weights`);
    else model.push(sentence);
  } else if (!areKnown && now.length > 0) {
    notes.push(`whether ${run.model} has the same weights cannot be told: its server does not say`);
  }
  const [engines, newEngines] = [distinct(before, engineOf), distinct(now, engineOf)];
  if (now.length > 0 && engines.join() !== newEngines.join())
    notes.push(`the engine is ${newEngines.join(", ")}; it was ${engines.join(", ")}`);
  return { model, notes };
}

/** Says where the run was made by another Muster. */
export function compareMuster({ musterVersion }: RunManifest): readonly string[] {
  if (musterVersion === MUSTER_VERSION) return [];
  return [`this is Muster ${MUSTER_VERSION}; the run was made by ${musterVersion}`];
}

function engineOf({ engine, engineVersion }: EngineFacts): string {
  return `${engine} ${engineVersion}`;
}

function weightsOf({ modelDigest }: EngineFacts): string {
  return modelDigest;
}

function distinct(engines: readonly EngineFacts[], name: (engine: EngineFacts) => string): readonly string[] {
  return [...new Set(engines.map(name))].toSorted();
}

function shorts(digests: readonly string[]): string {
  return digests.map((digest) => digest.slice(0, 12)).join(", ");
}
