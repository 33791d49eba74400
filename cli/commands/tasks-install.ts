import { cacheFolder } from "../../base/node/folders.ts";
import { installTasks } from "../../frontend/install-tasks.ts";
import type { Command } from "../commands.ts";
import { downloadBar } from "../download-bar.ts";
import { Interrupts } from "../interrupts.ts";

const install: Command = async ({ options, words }) => {
  const interrupts = new Interrupts();
  const bar = downloadBar(options.json);
  try {
    const { signal } = interrupts;
    const folder = await installTasks(words[0]!, { cacheFolder: cacheFolder(), onProgress: bar.show, signal });
    process.stdout.write(options.json ? `${JSON.stringify({ folder })}\n` : `${words[0]} is installed: ${folder}\n`);
    return 0;
  } finally {
    bar.close();
    interrupts.close();
  }
};
export default install;
