import type { ManifestNumber, ManifestScore } from "../manifest.ts";
import { scoreTable } from "./score-table.ts";

/** The scores of a results file as a manifest has them; a group's member that stands in several groups comes once. */
export function manifestScores(resultsJson: string): ManifestScore[] {
  const byKey = new Map<string, ManifestScore>();
  for (const { task, metric, filter, value, standardError } of scoreTable(resultsJson)) {
    const score = { task, metric, filter, value: wordOf(value) };
    const error = standardError === null ? null : wordOf(standardError);
    byKey.set(JSON.stringify([task, metric, filter]), { ...score, standardError: error });
  }
  return [...byKey.values()];
}

function wordOf(value: number): ManifestNumber {
  return Number.isFinite(value) ? value : (String(value) as ManifestNumber);
}
