import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";
import { prepareOutputFolder } from "../output-folder.ts";

const exportRun: Command = ({ options, words }) =>
  withCoordinator(options, async (client) => {
    const { runId } = await client.getRun(words[0]!);
    const output = prepareOutputFolder(options.output, runId);
    const files = await client.exportRun(runId, output);
    const text = options.json
      ? JSON.stringify({ runId, output, files })
      : files.map((file) => `${output}/${file}`).join("\n");
    process.stdout.write(`${text}\n`);
    return 0;
  });
export default exportRun;
