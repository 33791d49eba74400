import { join } from "node:path";
import { cacheFolder } from "../../base/node/folders.ts";
import { pythonOf } from "../../frontend/bridge/bridge-folder.ts";
import { installBridge } from "../../frontend/bridge/install-bridge.ts";
import type { Command } from "../commands.ts";
import { listenForInterruption } from "../interruption.ts";
import { StatusLine } from "../status-line.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "bin", "muster.cjs");

const bridgeInstall: Command = async ({ options, words }) => {
  const interruption = listenForInterruption();
  const status = new StatusLine();
  try {
    const folder = await installBridge({
      cacheFolder: cacheFolder(),
      extras: words,
      command: [process.execPath, LAUNCHER],
      signal: interruption.signal,
      onProgress: (sentence) => status.show(sentence),
    });
    status.clear();
    if (options.json) process.stdout.write(`${JSON.stringify({ folder, python: pythonOf(folder) })}\n`);
    else {
      process.stdout.write(`The bridge is here: ${folder}\n`);
      process.stderr.write(
        `Next:   muster bridge run --tasks TASKS --model MODEL\n        ${join(folder, "bin", "lm_eval")} --model muster --model_args coordinator=HOST:PORT --tasks TASKS\n`,
      );
    }
    return 0;
  } finally {
    status.clear();
    interruption.close();
  }
};
export default bridgeInstall;
