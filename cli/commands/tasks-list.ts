import { resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import { matchesPattern } from "../../frontend/match-pattern.ts";
import { listTasks } from "../../frontend/task-index.ts";
import type { Command } from "../commands.ts";
import { textTable } from "../text-table.ts";

const tasksList: Command = async ({ options, words }) => {
  const places = { includePaths: options.includePaths.map((path) => resolve(path)), cacheFolder: cacheFolder() };
  const all = await listTasks(places);
  const [pattern] = words;
  const found = all.filter(({ name }) => pattern === undefined || fits(name, pattern));
  if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else if (found.length > 0) {
    const rows = found.map(({ name, kind }) => [name, kind]);
    const columns = ["Name", "Kind"].map((title) => ({ title, align: "left" as const }));
    process.stdout.write(`${textTable(columns, rows).join("\n")}\n`);
  } else if (all.length === 0) {
    process.stderr.write("No tasks are here yet. Install the harness's: muster tasks install lm-eval@0.4.13\n");
  } else throw new MusterError("notFound", `no task, group or tag fits ${pattern}`, { wayOut: "Try a shorter word." });
  return 0;
};
export default tasksList;

/** A glob where it has the letters of one, else any part of a name. */
function fits(name: string, pattern: string): boolean {
  return /[*?[]/.test(pattern) ? matchesPattern(name, pattern) : name.includes(pattern);
}
