// Inspect AI's evaluation log in its JSON form (inspect_ai/log/_log.py, version 2): one log a task.
import type { PartialFile } from "../partial-file.ts";
import type { ExportedSample, RunFolder } from "./run-folder.ts";

const VERSION = 2;

/** Writes the log of one task. */
export async function writeInspect(run: RunFolder, task: string, file: PartialFile): Promise<void> {
  const { manifest } = run;
  const rows = run.scoresOf(task);
  const filters = [...new Set(rows.map(({ filter }) => filter))];
  const counts = manifest.coverage.tasks.find((counted) => counted.task === task)!;
  const log = {
    version: VERSION,
    status: counts.counted === counts.expected ? "success" : "error",
    ...(counts.counted === counts.expected ? {} : { error: partialError(counts) }),
    eval: evalSpec(run, task, counts.expected),
    plan: { name: "plan", steps: [] },
    results: {
      total_samples: counts.expected,
      completed_samples: counts.counted,
      scores: rows.map(({ metric, filter, value, standardError }) => ({
        name: `${metric},${filter}`,
        scorer: filter,
        metrics: {
          [metric]: { name: metric, value: finite(value) },
          ...(standardError === null ? {} : { stderr: { name: "stderr", value: finite(standardError) } }),
        },
      })),
    },
    stats: { started_at: time(manifest.run.createdUnixMs), completed_at: time(manifest.run.endedUnixMs) },
  };
  await file.write(`${JSON.stringify(log).slice(0, -1)},"samples":[`);
  let separator = "\n";
  for await (const lines of samplesOf(run, task, filters)) {
    await file.write(`${separator}${JSON.stringify(sample(manifest.run.model, lines))}`);
    separator = ",\n";
  }
  await file.write("\n]}\n");
}

function evalSpec({ manifest }: RunFolder, task: string, samples: number): object {
  const { runId, model, createdUnixMs } = manifest.run;
  return {
    run_id: runId,
    created: time(createdUnixMs),
    task,
    task_id: `${runId}-${task}`,
    task_version: 0,
    dataset: { name: task, samples, shuffled: false },
    model,
    config: manifest.limit === null || manifest.limit < 1 ? {} : { limit: manifest.limit },
    packages: { "muster-eval": manifest.musterVersion },
    metadata: { profile: manifest.profile, plan_digest: manifest.planDigest, scores_digest: manifest.scoresDigest },
  };
}

function partialError({ counted, expected }: { readonly counted: number; readonly expected: number }): object {
  const message = `the run is partial: ${counted} of ${expected} samples were counted`;
  return { message, traceback: "", traceback_ansi: "" };
}

/** The lines of each sample, one a filter. The file has them filter after filter, so it is read by all at once. */
async function* samplesOf(
  run: RunFolder,
  task: string,
  filters: readonly string[],
): AsyncGenerator<readonly ExportedSample[]> {
  const readers = filters.map((filter) => run.samples(task, filter));
  for (;;) {
    const next = await Promise.all(readers.map((reader) => reader.next()));
    const lines = next.flatMap((found) => (found.done === true ? [] : [found.value]));
    if (lines.length === 0) return;
    yield lines;
  }
}

function sample(model: string, lines: readonly ExportedSample[]): object {
  const [first] = lines;
  const content = first!.answers.length === 1 ? first!.answers[0]! : JSON.stringify(first!.answers);
  const scores = lines.flatMap(({ filter, filtered, metrics }) =>
    metrics.map(({ name, value }) => {
      const answer = filtered.length === 1 ? filtered[0]! : JSON.stringify(filtered);
      return [`${name},${filter}`, { value: typeof value === "number" ? finite(value) : (value ?? ""), answer }];
    }),
  );
  return {
    id: first!.docId,
    epoch: 1,
    input: first!.prompt,
    target: first!.target,
    output: { model, choices: [{ message: { role: "assistant", content }, stop_reason: "stop" }] },
    scores: Object.fromEntries(scores) as object,
  };
}

/** JSON has no word for what is no number; Inspect reads these. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

function time(unixMs: number): string {
  return new Date(unixMs).toISOString().replace("Z", "+00:00");
}
