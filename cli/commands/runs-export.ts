import { join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { exportRun } from "../export-run.ts";
import { findRun } from "../find-run.ts";
import { prepareOutputFolder } from "../output-folder.ts";

const runsExport: Command = async ({ options, words }) => {
  const found = findRun(options, words[0]!);
  if (found.kind === "recorded") {
    const { runId, output } = found.record;
    throw new MusterError("conflict", `run ${runId} was a local run; its results were written to ${output}`, {
      wayOut: `Where they were not, \`muster runs resume ${runId} --output FOLDER\` writes them.`,
    });
  }
  try {
    const { runId } = await found.client.getRun(found.runId);
    const folder = prepareOutputFolder(resolve(options.output ?? join("muster-results", runId)));
    try {
      const files = await exportRun(found.client, runId, folder.path);
      if (options.json) process.stdout.write(`${JSON.stringify({ runId, output: folder.path, files })}\n`);
      else process.stdout.write(`${files.map((name) => join(folder.path, name)).join("\n")}\n`);
      return 0;
    } finally {
      folder.discard();
    }
  } finally {
    found.client.close();
  }
};
export default runsExport;
