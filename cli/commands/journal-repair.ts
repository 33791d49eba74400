import { MusterError } from "../../base/muster-error.ts";
import { repairJournal } from "../../coordinator/shell/journal-tools.ts";
import type { Command } from "../commands.ts";
import { ownJournals } from "../journal-folder.ts";
import { plural } from "../quantities.ts";

const journalRepair: Command = async ({ options, words }) => {
  const { from: file } = options;
  if (file === undefined) {
    throw new MusterError("usage", "nothing says what to repair it from", {
      wayOut: "Give --from FILE, a copy that `muster journal export` made.",
    });
  }
  const wish = { name: words[0]!, file };
  const state = await ownJournals(options, (store, replace) => repairJournal(store, wish, replace));
  if (options.json) process.stdout.write(`${JSON.stringify(state)}\n`);
  else process.stdout.write(`Journal ${state.name} is whole, with ${plural(state.frames, "frame")}.\n`);
  return 0;
};
export default journalRepair;
