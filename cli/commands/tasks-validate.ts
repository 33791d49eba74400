import { relative, resolve } from "node:path";
import { EXIT_CODES } from "../../base/muster-error.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import { type TaskProblem, type ValidatedTask, validateTasks } from "../../frontend/inspection/validate-tasks.ts";
import type { Command } from "../commands.ts";
import { plural } from "../quantities.ts";
import { printable } from "../terminal.ts";

const tasksValidate: Command = ({ options, words }) => {
  const includePaths = options.includePaths.map((path) => resolve(path));
  const { tasks, notes } = validateTasks({ includePaths, cacheFolder: cacheFolder() }, words);
  const bad = tasks.filter(({ problems }) => problems.length > 0);
  if (options.json) process.stdout.write(`${JSON.stringify({ valid: bad.length === 0, tasks, notes })}\n`);
  else {
    process.stdout.write(tasks.flatMap(linesOf).join(""));
    for (const note of notes) process.stderr.write(`note: ${printable(note)}\n`);
    process.stderr.write(`${plural(tasks.length, "task")}, ${bad.length === 0 ? "all fine" : `${bad.length} not`}\n`);
  }
  return Promise.resolve(bad.length === 0 ? 0 : EXIT_CODES.badData);
};
export default tasksValidate;

function linesOf({ name, problems }: ValidatedTask): readonly string[] {
  if (problems.length === 0) return [`ok       ${printable(name)}\n`];
  return problems.flatMap((problem) => [
    `${problem.kind === "unsupported" ? "foreign" : "invalid"}  ${printable(name)}: ${placeOf(problem)}${printable(problem.message)}\n`,
    ...(problem.wayOut === null ? [] : [`         ${printable(problem.wayOut)}\n`]),
  ]);
}

/** `file:line: `, unless the message says it already. */
function placeOf({ file, line, message }: TaskProblem): string {
  if (file === null || message.includes(`${file}:`)) return "";
  const short = relative(".", file);
  return `${short.startsWith("../..") ? file : short}${line === null ? "" : `:${line}`}: `;
}
