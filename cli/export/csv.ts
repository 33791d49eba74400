// One row a sample, filter and metric, as RFC 4180 has it. Text that a spreadsheet would take for a formula gets an
// apostrophe before it: prompts and answers are anybody's words.
import type { PartialFile } from "../partial-file.ts";
import type { RunFolder } from "./run-folder.ts";

const COLUMNS = ["run", "task", "doc_id", "filter", "metric", "value", "target", "prompt", "answer", "filtered"];
const FORMULA = /^[=+\-@\t\r]/;

/** Writes `samples.csv`. Several answers or filtered answers of a sample are a JSON list. */
export async function writeCsv(run: RunFolder, file: PartialFile): Promise<void> {
  await file.write(`${COLUMNS.join(",")}\r\n`);
  const { runId } = run.manifest.run;
  for (const task of run.tasks) {
    for await (const { docId, filter, metrics, target, prompt, answers, filtered } of run.samples(task)) {
      const rows = metrics.map(({ name, value }) =>
        [runId, task, docId, filter, name, value, target, prompt, oneOrList(answers), oneOrList(filtered)].map(cell),
      );
      if (rows.length > 0) await file.write(rows.map((cells) => `${cells.join(",")}\r\n`).join(""));
    }
  }
}

function oneOrList(texts: readonly string[]): string {
  return texts.length === 1 ? texts[0]! : JSON.stringify(texts);
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
