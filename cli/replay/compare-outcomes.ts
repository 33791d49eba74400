// What came of a run against what comes of it now: prompts, answers, scores. Manifests alone are enough for it; where the
// samples files lie beside both, the first answer that differs is shown.
import type { ManifestScore, RunManifest } from "../../evaluation/manifest.ts";

/** Both runs' prompts, answers and scores. Null: the old manifest says nothing of them. */
export interface OutcomeComparison {
  readonly isEqual: boolean;
  readonly prompts: { readonly isEqual: boolean; readonly before: string; readonly after: string };
  readonly samples: { readonly isEqual: boolean; readonly before: number; readonly after: number };
  readonly responses: ResponseComparison | null;
  readonly scores: ScoreComparison;
  /** Whether the results' digest is the same: all numbers, hashes and settings of the results file. */
  readonly isSameDigest: boolean;
}

/** How many samples were answered otherwise, and the first of them. */
export interface ResponseComparison {
  readonly isEqual: boolean;
  readonly compared: number;
  readonly different: number;
  readonly first: { readonly task: string; readonly document: number } | null;
}

/** The scores that differ in some bit of value or standard error. */
interface ScoreComparison {
  readonly isEqual: boolean;
  readonly compared: number;
  readonly different: readonly ScoreDifference[];
}

/** One score, then and now; null: there was none. */
export interface ScoreDifference {
  readonly task: string;
  readonly metric: string;
  readonly filter: string;
  readonly before: ManifestScore | null;
  readonly after: ManifestScore | null;
}

/** Compares two manifests' outcomes. */
export function compareOutcomes(before: RunManifest, after: RunManifest): OutcomeComparison {
  const prompts = {
    isEqual: before.planDigest === after.planDigest,
    before: before.planDigest,
    after: after.planDigest,
  };
  const samples = {
    isEqual: before.coverage.countedDigest === after.coverage.countedDigest,
    before: before.coverage.countedSamples,
    after: after.coverage.countedSamples,
  };
  const responses = compareResponses(before, after);
  const scores = compareScores(before, after);
  const isSameDigest = before.scoresDigest === after.scoresDigest;
  const isEqual = prompts.isEqual && samples.isEqual && responses?.isEqual !== false && scores.isEqual && isSameDigest;
  return { isEqual, prompts, samples, responses, scores, isSameDigest };
}

function compareResponses(before: RunManifest, after: RunManifest): ResponseComparison | null {
  if (before.responses === undefined || after.responses === undefined) return null;
  const now = new Map(after.responses.tasks.map(({ task, sampleDigests }) => [task, words(sampleDigests)]));
  let [compared, different] = [0, 0];
  let first: ResponseComparison["first"] = null;
  for (const { task, sampleDigests } of before.responses.tasks) {
    const [old, current] = [words(sampleDigests), now.get(task) ?? new Uint32Array()];
    const count = Math.max(old.length, current.length);
    compared += count;
    for (let document = 0; document < count; document++) {
      if (old[document] === current[document]) continue;
      different += 1;
      first ??= { task, document };
    }
  }
  return { isEqual: before.responses.digest === after.responses.digest, compared, different, first };
}

function words(base64: string): Uint32Array {
  const bytes = Buffer.from(base64, "base64");
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, position) => bytes.readUInt32LE(position * 4));
}

function compareScores(before: RunManifest, after: RunManifest): ScoreComparison {
  if (before.scores === undefined)
    return { isEqual: before.scoresDigest === after.scoresDigest, compared: 0, different: [] };
  const [old, now] = [byName(before.scores), byName(after.scores ?? [])];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const different = keys.flatMap((key): readonly ScoreDifference[] => {
    const [had, has] = [old.get(key) ?? null, now.get(key) ?? null];
    if (had !== null && has !== null && isSame(had, has)) return [];
    const { task, metric, filter } = (had ?? has)!;
    return [{ task, metric, filter, before: had, after: has }];
  });
  return { isEqual: different.length === 0, compared: keys.length, different };
}

function byName(scores: readonly ManifestScore[]): Map<string, ManifestScore> {
  return new Map(scores.map((score) => [JSON.stringify([score.task, score.metric, score.filter]), score]));
}

function isSame(first: ManifestScore, second: ManifestScore): boolean {
  return Object.is(first.value, second.value) && Object.is(first.standardError, second.standardError);
}
