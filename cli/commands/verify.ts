import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Verification } from "../../evaluation/verification.ts";
import type { Command } from "../commands.ts";
import { findRun } from "../find-run.ts";
import type { Options } from "../options.ts";
import { painter, printable } from "../terminal.ts";
import { verifyFolder } from "../verify-folder.ts";

const GATE_FAILED = 1;

const verify: Command = async ({ options, words }) => {
  const verification = await look(options, words[0]!);
  if (options.json) process.stdout.write(`${JSON.stringify(verification)}\n`);
  else process.stdout.write(`${format(verification).join("\n")}\n`);
  return verification.isGood ? 0 : GATE_FAILED;
};
export default verify;

async function look(options: Options, runOrFolder: string): Promise<Verification> {
  if (existsSync(join(runOrFolder, "manifest.json"))) return verifyFolder(runOrFolder);
  const found = findRun(options, runOrFolder);
  if (found.kind === "recorded") return verifyFolder(found.record.output);
  try {
    return await found.client.verifyRun(found.runId);
  } finally {
    found.client.close();
  }
}

function format({ runId, checks }: Verification): readonly string[] {
  const paint = painter(process.stdout);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, isGood, detail }) => {
    const mark = isGood ? paint("green", "ok    ") : paint("red", "broken");
    return `  ${mark}  ${name.padEnd(width)}  ${printable(detail)}`;
  });
  return [`Run ${printable(runId)}`, ...lines];
}
