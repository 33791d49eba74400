import { resolveModel } from "../../agent/adapters/models/resolve-model.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { withDownloadBar } from "../download-progress.ts";
import { listenForInterruption } from "../interruption.ts";

const modelsPull: Command = async ({ options, words }) => {
  const interruption = listenForInterruption();
  try {
    const { signal } = interruption;
    const model = await withDownloadBar((onProgress) =>
      resolveModel(words[0]!, { cacheFolder: cacheFolder(), onProgress, signal }),
    );
    process.stdout.write(options.json ? `${JSON.stringify(model)}\n` : `${model.name} is here: ${model.file}\n`);
    return 0;
  } finally {
    interruption.close();
  }
};
export default modelsPull;
