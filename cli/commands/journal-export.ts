import { resolve } from "node:path";
import { exportJournal } from "../../coordinator/shell/journal-tools.ts";
import type { Command } from "../commands.ts";
import { readJournals } from "../journal-folder.ts";
import { PartialFile } from "../partial-file.ts";
import { plural } from "../quantities.ts";

const journalExport: Command = async ({ options, words }) => {
  const name = words[0]!;
  const path = resolve(options.output ?? `${name}.journal`);
  const file = new PartialFile(path);
  try {
    const frames = await readJournals(options, (store) => exportJournal(store, name, (bytes) => file.write(bytes)));
    await file.close();
    if (options.json) process.stdout.write(`${JSON.stringify({ journal: name, frames, file: path })}\n`);
    else process.stdout.write(`${path} holds the ${plural(frames, "frame")} of journal ${name}.\n`);
    return 0;
  } catch (error) {
    file.discard();
    throw error;
  }
};
export default journalExport;
