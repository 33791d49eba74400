import { join } from "node:path";
import { cacheFolder } from "../../base/node/folders.ts";
import { installTasks } from "../../frontend/install-tasks.ts";
import { PROFILE } from "../../frontend/profile.ts";
import type { Command } from "../commands.ts";
import { withDownloadBar } from "../download-progress.ts";
import { listenForInterruption } from "../interruption.ts";

const tasksInstall: Command = async ({ options, words }) => {
  const interruption = listenForInterruption();
  try {
    const { signal } = interruption;
    const folder = await withDownloadBar((onProgress) =>
      installTasks(words[0]!, { cacheFolder: cacheFolder(), onProgress, signal }),
    );
    const [, version] = words[0]!.split(/@|==/);
    if (version !== PROFILE.version) {
      process.stderr.write(
        `note: this Muster reproduces ${PROFILE.name} ${PROFILE.version}; these tasks run by its rules, ` +
          `and only with --include-path ${join(folder, "lm_eval", "tasks")}\n`,
      );
    }
    process.stdout.write(options.json ? `${JSON.stringify({ folder })}\n` : `${words[0]} is here: ${folder}\n`);
    return 0;
  } finally {
    interruption.close();
  }
};
export default tasksInstall;
