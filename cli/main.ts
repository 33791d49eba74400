import { enableCompileCache } from "node:module";
import { parseCommandLine } from "./program.ts";
import { reportError } from "./report-error.ts";

// Compiled sources are kept between starts; a start then takes a third less.
enableCompileCache();

async function main(words: readonly string[]): Promise<number> {
  const json = words.includes("--json");
  try {
    const invocation = await parseCommandLine(words);
    if (invocation === null) return words.length === 0 ? 2 : 0;
    const [{ readOptions }, { default: command }] = await Promise.all([
      import("./read-options.ts"),
      invocation.row.load(),
    ]);
    const options = readOptions(invocation.row.path, invocation.given, process.env);
    return await command({ options, words: invocation.words });
  } catch (thrown) {
    return reportError(thrown, json);
  }
}

process.exitCode = await main(process.argv.slice(2));
// The channel to the launcher would keep the process alive.
if (process.channel) process.disconnect();
