import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "../commands.ts";
import { writeCsv } from "../export/csv.ts";
import { writeEveryEvalEver } from "../export/every-eval-ever.ts";
import { writeInspect } from "../export/inspect.ts";
import { writeJunit } from "../export/junit.ts";
import { RunFolder } from "../export/run-folder.ts";
import { exportRun } from "../export-run.ts";
import { findRun } from "../find-run.ts";
import type { Options } from "../options.ts";
import { type OutputFolder, prepareOutputFolder } from "../output-folder.ts";
import { PartialFile } from "../partial-file.ts";

const exportCommand: Command = async ({ options, words }) => {
  const scratch = mkdtempSync(join(tmpdir(), "muster-export-"));
  let output: OutputFolder | null = null;
  try {
    const run = new RunFolder(await folderOf(words[0]!, options, scratch));
    output = prepareOutputFolder(resolve(options.output ?? join("muster-exports", run.manifest.run.runId)));
    const files = await write(run, options.format, output.path);
    if (options.json) process.stdout.write(`${JSON.stringify({ runId: run.manifest.run.runId, files })}\n`);
    else process.stdout.write(`${files.join("\n")}\n`);
    return 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    output?.discard();
  }
};
export default exportCommand;

/** Where the run's files lie; those of a coordinator's run are fetched first. */
async function folderOf(runOrFolder: string, options: Options, scratch: string): Promise<string> {
  if (existsSync(join(runOrFolder, "manifest.json"))) return runOrFolder;
  const found = findRun(options, runOrFolder);
  if (found.kind === "recorded") return found.record.output;
  try {
    const { runId } = await found.client.getRun(found.runId);
    await exportRun(found.client, runId, scratch);
    return scratch;
  } finally {
    found.client.close();
  }
}

async function write(run: RunFolder, format: string, folder: string): Promise<readonly string[]> {
  if (format === "csv") return [await whole(join(folder, "samples.csv"), (file) => writeCsv(run, file))];
  if (format === "junit") return [await whole(join(folder, "junit.xml"), (file) => writeJunit(run, file))];
  if (format === "every-eval-ever") {
    const name = join(folder, "every-eval-ever.json");
    return [await whole(name, (file) => writeEveryEvalEver(run, file, Date.now()))];
  }
  const files: string[] = [];
  for (const task of run.tasks) {
    const name = join(folder, `inspect_${task.replaceAll(/[^\w.-]/g, "_")}.json`);
    files.push(await whole(name, (file) => writeInspect(run, task, file)));
  }
  return files;
}

async function whole(name: string, fill: (file: PartialFile) => Promise<void>): Promise<string> {
  const file = new PartialFile(name);
  try {
    await fill(file);
    await file.close();
    return name;
  } catch (error) {
    file.discard();
    throw error;
  }
}
