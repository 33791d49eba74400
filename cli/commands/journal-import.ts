import { importJournal } from "../../coordinator/shell/journal-tools.ts";
import type { Command } from "../commands.ts";
import { ownJournals } from "../journal-folder.ts";
import { plural } from "../quantities.ts";

const journalImport: Command = async ({ options, words }) => {
  const state = await ownJournals(options, (store) => importJournal(store, words[0]!));
  if (options.json) process.stdout.write(`${JSON.stringify(state)}\n`);
  else process.stdout.write(`Journal ${state.name} is here, with ${plural(state.frames, "frame")}.\n`);
  return 0;
};
export default journalImport;
