import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { cacheFolder } from "../base/node/folders.ts";
import { makeFolder } from "../base/node/make-folder.ts";
import { parseCommandLine } from "./program.ts";
import { reportError } from "./report-error.ts";

/** How long work may go on in order after whoever started this process is gone. */
const ORPHAN_MS = 10_000;

// What goes wrong on a connection is told once, in our words.
process.env["GRPC_VERBOSITY"] ??= "NONE";
if (process.env["NODE_COMPILE_CACHE"] === undefined) keepCompiledSources(join(cacheFolder(), "compiled"));
// A reader that has seen enough (`muster runs | head`), or a terminal that is gone.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || error.code === "EIO") process.exit(0);
    throw error;
  });
}
if (process.channel) process.once("disconnect", () => setTimeout(() => process.exit(70), ORPHAN_MS).unref());

/** Keeps compiled sources between starts, those of the processes that this one starts included. */
function keepCompiledSources(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    // Without them a start only takes longer; whoever needs the cache folder says what is wrong with it.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return;
  }
  process.env["NODE_COMPILE_CACHE"] = folder;
  enableCompileCache(folder);
}

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
