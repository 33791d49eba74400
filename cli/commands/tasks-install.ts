import { cacheFolder } from "../../base/node/folders.ts";
import { installTasks } from "../../frontend/install-tasks.ts";
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
    process.stdout.write(options.json ? `${JSON.stringify({ folder })}\n` : `${words[0]} is here: ${folder}\n`);
    return 0;
  } finally {
    interruption.close();
  }
};
export default tasksInstall;
