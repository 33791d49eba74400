import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";

/** What a run's output folder says, without what may differ between two runs of the same evaluation. */
export interface RunOutput {
  /** `results`, `groups`, counts, versions and hashes, as JSON. */
  readonly results: string;
  /** Hex SHA-256 of each samples file, by task. */
  readonly samples: Readonly<Record<string, string>>;
  readonly coverage: unknown;
}

const COMPARED = ["results", "groups", "n-samples", "versions", "n-shot", "higher_is_better", "task_hashes"];

/** Reads an output folder. Throws where a file is missing. */
export function readRunOutput(folder: string): RunOutput {
  const names = readdirSync(folder).toSorted();
  const resultsName = names.find((name) => /^results_.*\.json$/.test(name));
  if (resultsName === undefined) throw new Error(`${folder} holds no results: ${names.join(", ")}`);
  const results = JSON.parse(readFileSync(join(folder, resultsName), "utf8")) as Record<string, unknown>;
  const samples: Record<string, string> = {};
  for (const name of names) {
    const task = /^samples_(.*)_\d{4}-[^_]*\.jsonl$/.exec(name)?.[1];
    if (task !== undefined)
      samples[task] = createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex");
  }
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { coverage: unknown };
  return {
    results: JSON.stringify(COMPARED.map((key) => [key, results[key]])),
    samples,
    coverage: manifest.coverage,
  };
}
