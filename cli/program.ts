import { Command as CommanderCommand, CommanderError, Option } from "commander";
import { MusterError } from "../base/muster-error.ts";
import { type CommandRow, COMMANDS, GROUPS } from "./commands.ts";
import { nearMatches } from "../base/near-matches.ts";
import type { OptionRow } from "./option-row.ts";
import { type OptionName, optionsOf } from "./options.ts";
import type { GivenOptions } from "./read-options.ts";

/** What the command line asked for. */
export interface Invocation {
  readonly row: CommandRow;
  readonly given: GivenOptions;
  readonly words: readonly string[];
}

const INTRODUCTION = `Runs language-model benchmarks over many machines, with the scores of the reference harness and the bill.

Start here:  muster demo`;

const ENDING = `
Every option has an environment variable (docs/configuration.md). Exit codes: 0 ok, 2 usage or
bad input, 3 connection or permission, 4 not found or conflict, 5 partial results, 7 timed out,
130 interrupted, 70 a bug.`;

/** Reads the command line. Prints help itself and returns null; throws `usage` for what it cannot read. */
export async function parseCommandLine(words: readonly string[]): Promise<Invocation | null> {
  let invocation: Invocation | null = null;
  const program = buildProgram((found) => (invocation = found));
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === "commander.help") return null;
    throw usageOf(error, words);
  }
  return invocation;
}

/** The commander program that the two tables describe; `found` gets what the user asked for. */
export function buildProgram(found: (invocation: Invocation) => void): CommanderCommand {
  const program = new CommanderCommand("muster").description(INTRODUCTION).addHelpText("after", ENDING);
  program.helpCommand("help [command]", "Show help for a command");
  settle(program);
  const groups = new Map<string, CommanderCommand>();
  for (const row of COMMANDS) {
    const [name, action] = row.path.split(" ") as [string, string?];
    if (!(name in GROUPS)) {
      define(program.command(name, { hidden: row.isHidden === true }), row, found);
      continue;
    }
    const group = groups.get(name) ?? settle(program.command(name).description(GROUPS[name]!));
    groups.set(name, group);
    const settings = { isDefault: action === undefined, hidden: row.isHidden === true };
    define(group.command(action ?? "list", settings), row, found);
  }
  return program;
}

function settle(command: CommanderCommand): CommanderCommand {
  // Errors are printed in one place, by reportError.
  return command
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeErr: (text) => process.stderr.write(text) })
    .configureHelp({ showGlobalOptions: false });
}

function define(command: CommanderCommand, row: CommandRow, found: (invocation: Invocation) => void): void {
  settle(command).description(row.prose);
  for (const word of row.words) command.argument(word);
  const options = optionsOf(row.path);
  for (const [name, option] of options) command.addOption(commanderOption(name, option));
  if (row.examples.length > 0) {
    command.addHelpText("after", `\nExamples:\n${row.examples.map((example) => `  ${example}`).join("\n")}`);
  }
  command.action((...parts: unknown[]) => {
    const words = (parts.slice(0, row.words.length).flat() as (string | undefined)[]).filter(
      (word) => word !== undefined,
    );
    found({ row, given: givenOptions(command, options), words });
  });
}

function commanderOption(name: OptionName, row: OptionRow): Option {
  const option = new Option(row.flag, helpProse(row));
  // Commander reads `--no-x` as "x is off"; here it is a switch like every other.
  option.negate = false;
  option.attributeName = () => name;
  if (row.kind !== "switch") option.argParser((text: string, before?: string[]) => [...(before ?? []), text]);
  return option;
}

/** An option's line in the help: prose, choices, unit, default, variable. */
export function helpProse(row: OptionRow): string {
  const notes: string[] = [];
  if (row.choices !== undefined) notes.push(row.choices.join(", "));
  if (row.unit !== undefined) notes.push(row.unit);
  if (row.default !== undefined) notes.push(`default ${row.default}`);
  notes.push(row.env);
  return `${row.prose} (${notes.join("; ")})`;
}

function givenOptions(command: CommanderCommand, options: readonly (readonly [OptionName, OptionRow])[]): GivenOptions {
  const given: { [name in OptionName]?: readonly string[] | true } = {};
  for (const [name] of options) {
    const value = command.getOptionValue(name) as readonly string[] | true | undefined;
    if (value !== undefined) given[name] = value;
  }
  return given;
}

/** Commander's complaint as one of our sentences. */
function usageOf(error: CommanderError, words: readonly string[]): MusterError {
  const [sentence = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const near = suggestion === undefined ? nearCommands(error, words) : suggestion.replace(/^\((.*)\)$/, "$1");
  return new MusterError("usage", sentence, {
    wayOut: near === "" ? "`muster --help` lists the commands; --help after a command its options." : near,
  });
}

/** A group's default command takes the mistyped word for an argument, so commander does not look for near matches. */
function nearCommands(error: CommanderError, words: readonly string[]): string {
  if (error.code !== "commander.excessArguments") return "";
  const [group, word] = words.filter((part) => !part.startsWith("-"));
  if (group === undefined || word === undefined) return "";
  const siblings = COMMANDS.filter((row) => row.path.startsWith(`${group} `)).map((row) => row.path);
  const near = nearMatches(`${group} ${word}`, siblings);
  const listed = near.length > 0 ? near : siblings;
  return listed.length === 0 ? "" : `There is: ${listed.map((path) => `muster ${path}`).join(", ")}.`;
}
