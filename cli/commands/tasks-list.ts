import { resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import { listTasks } from "../../frontend/task-index.ts";
import { matchesPattern } from "../../frontend/match-pattern.ts";
import type { Command } from "../commands.ts";
import { columns } from "../format.ts";

const list: Command = async ({ options, words }) => {
  const includePaths = options.includePaths.map((path) => resolve(path));
  const all = await listTasks({ includePaths, cacheFolder: cacheFolder() });
  const [pattern] = words;
  const found = pattern === undefined ? all : all.filter(({ name }) => matchesPattern(name, pattern));
  if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else if (found.length > 0)
    process.stdout.write(`${columns(found.map(({ name, kind }) => [name, kind])).join("\n")}\n`);
  if (found.length > 0 || options.json) return 0;
  throw new MusterError("notFound", pattern === undefined ? "there are no tasks here" : `no task fits ${pattern}`, {
    wayOut: "`muster tasks install lm-eval@0.4.13` fetches the harness's; --include-path names a folder of your own.",
  });
};
export default list;
