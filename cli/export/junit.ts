// Scores as test cases, for the reports of build servers: a case a task and metric, and one for the coverage, which
// fails where samples have no answer.
import type { PartialFile } from "../partial-file.ts";
import type { RunFolder } from "./run-folder.ts";

/** Writes `junit.xml`. */
export async function writeJunit(run: RunFolder, file: PartialFile): Promise<void> {
  const { manifest, tasks } = run;
  const { runId, createdUnixMs, endedUnixMs } = manifest.run;
  const { countedSamples, expectedSamples } = manifest.coverage;
  const seconds = ((endedUnixMs - createdUnixMs) / 1000).toFixed(3);
  const cases = tasks.reduce((sum, task) => sum + run.scoresOf(task).length, 1);
  const errors = run.isPartial ? 1 : 0;
  await file.write(
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
      `<testsuites name=${quoted(runId)} tests="${cases}" failures="0" errors="${errors}" time="${seconds}">\n`,
  );
  for (const task of tasks) {
    const rows = run.scoresOf(task);
    await file.write(`  <testsuite name=${quoted(task)} tests="${rows.length}" failures="0" errors="0">\n`);
    for (const { metric, filter, value, standardError, samples } of rows) {
      const error = standardError === null ? "" : ` ± ${standardError}`;
      await file.write(
        `    <testcase classname=${quoted(task)} name=${quoted(`${metric},${filter}`)}>` +
          `<system-out>${escaped(`${value}${error} over ${samples} samples`)}</system-out></testcase>\n`,
      );
    }
    await file.write("  </testsuite>\n");
  }
  const counted = `${countedSamples} of ${expectedSamples} samples were counted once`;
  const end = run.isPartial ? `<error message=${quoted(`the run is partial: ${counted}`)}/>` : "";
  await file.write(
    `  <testsuite name="coverage" tests="1" failures="0" errors="${errors}">\n` +
      `    <testcase classname="coverage" name="every sample counted once">${end}<system-out>${counted}</system-out></testcase>\n` +
      "  </testsuite>\n</testsuites>\n",
  );
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', "&quot;")}"`;
}

/** Characters that XML cannot hold become U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
