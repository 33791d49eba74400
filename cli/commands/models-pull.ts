import { resolveModel } from "../../agent/adapters/models/resolve-model.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { downloadBar } from "../download-bar.ts";
import { Interrupts } from "../interrupts.ts";

const pull: Command = async ({ options, words }) => {
  const interrupts = new Interrupts();
  const bar = downloadBar(options.json);
  try {
    const { signal } = interrupts;
    const model = await resolveModel(words[0]!, { cacheFolder: cacheFolder(), onProgress: bar.show, signal });
    bar.close();
    process.stdout.write(options.json ? `${JSON.stringify(model)}\n` : `${model.name}: ${model.file}\n`);
    return 0;
  } finally {
    interrupts.close();
  }
};
export default pull;
