// The aggregate record of the Every Eval Ever database (eval.schema.json, version 0.2.1).
import type { PlanDataset } from "../../evaluation/plan.ts";
import type { ScoreTableRow } from "../../evaluation/report/score-table.ts";
import type { PartialFile } from "../partial-file.ts";
import type { RunFolder } from "./run-folder.ts";

const SCHEMA_VERSION = "0.2.1";

/** Writes `every-eval-ever.json`. Scores that are no numbers are left out: the schema has no place for them. */
export async function writeEveryEvalEver(run: RunFolder, file: PartialFile, nowUnixMs: number): Promise<void> {
  const { manifest } = run;
  const { runId, model, suite, endedUnixMs } = manifest.run;
  const engine = manifest.agents.flatMap(({ engines }) => engines)[0];
  const rows = run.tasks.flatMap((task) => run.scoresOf(task)).filter(({ value }) => Number.isFinite(value));
  const record = {
    schema_version: SCHEMA_VERSION,
    evaluation_id: `${suite}/${model}/${Math.floor(endedUnixMs / 1000)}`,
    evaluation_timestamp: String(endedUnixMs / 1000),
    retrieved_timestamp: String(nowUnixMs / 1000),
    source_metadata: {
      source_name: "Muster",
      source_type: "evaluation_run",
      source_organization_name: manifest.run.submittedBy,
      evaluator_relationship: "other",
      additional_details: {
        run: runId,
        plan_digest: manifest.planDigest,
        scores_digest: manifest.scoresDigest,
        ...(run.isPartial ? { partial: partialText(run) } : {}),
      },
    },
    eval_library: {
      name: "muster",
      version: manifest.musterVersion,
      additional_details: { profile: manifest.profile },
    },
    model_info: {
      name: model,
      id: model,
      ...(engine === undefined ? {} : { inference_engine: { name: engine.engine, version: engine.engineVersion } }),
    },
    evaluation_results: rows.map((row) => result(row, manifest.datasets)),
  };
  await file.write(`${JSON.stringify(record, null, 2)}\n`);
}

function result(row: ScoreTableRow, datasets: readonly PlanDataset[]): object {
  const { task, metric, filter, value, standardError, samples, shots, version } = row;
  return {
    evaluation_name: task,
    source_data: {
      dataset_name: datasets.length === 1 ? datasets[0]!.dataset : task,
      source_type: "other",
      additional_details: Object.fromEntries(
        datasets.map(({ dataset, split, sha256 }) => [`${dataset} (${split})`, sha256]),
      ),
    },
    metric_config: {
      evaluation_description: `${metric}, filter ${filter}`,
      lower_is_better: row.isHigherBetter === false,
      additional_details: { task_version: version, ...(shots === null ? {} : { num_fewshot: String(shots) }) },
    },
    score_details: {
      score: value,
      uncertainty: {
        ...(standardError === null || !Number.isFinite(standardError)
          ? {}
          : { standard_error: { value: standardError } }),
        num_samples: samples,
      },
    },
  };
}

function partialText({ manifest }: RunFolder): string {
  return `${manifest.coverage.countedSamples} of ${manifest.coverage.expectedSamples} samples were counted`;
}
