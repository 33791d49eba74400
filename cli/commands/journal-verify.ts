import { examineJournal, type JournalState } from "../../coordinator/shell/journal-tools.ts";
import type { Command } from "../commands.ts";
import { readJournals } from "../journal-folder.ts";
import { formatCount } from "../quantities.ts";
import { painter, printable } from "../terminal.ts";

const GATE_FAILED = 1;

const journalVerify: Command = async ({ options, words }) => {
  const states = await readJournals(options, async (store) => {
    const names = words[0] === undefined ? await store.list() : [words[0]];
    const found: JournalState[] = [];
    for (const name of names) found.push(await examineJournal(store, name));
    return found;
  });
  if (options.json) process.stdout.write(`${JSON.stringify(states)}\n`);
  else process.stdout.write(states.map((state) => `${line(state)}\n`).join(""));
  return states.every(({ broken }) => broken === null) ? 0 : GATE_FAILED;
};
export default journalVerify;

function line({ name, frames, bytes, lastHash, lastEpoch, broken }: JournalState): string {
  const paint = painter(process.stdout);
  const whole = `${formatCount(frames)} frames, ${formatCount(bytes)} bytes, epoch ${lastEpoch}, ${lastHash.slice(0, 12)}`;
  if (broken === null) return `${paint("green", "ok    ")}  ${printable(name)}  ${whole}`;
  return `${paint("red", "broken")}  ${printable(name)}  ${whole} are whole, then: ${printable(broken)}`;
}
