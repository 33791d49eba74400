import { join } from "node:path";
import { readdirSync } from "node:fs";
import { MusterError } from "../../base/muster-error.ts";
import { stateFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { CoordinatorClient } from "../coordinator-client.ts";
import { Interrupts } from "../interrupts.ts";
import { LiveView } from "../live-view.ts";
import { LocalCluster } from "../local-cluster.ts";
import { loadLocalRun, localRunFolder } from "../local-run.ts";
import type { Options } from "../options.ts";
import { prepareOutputFolder } from "../output-folder.ts";
import { completeRun } from "../run-session.ts";

const resume: Command = async ({ options, words }) => {
  const runId = resolveRun(options, words[0]!);
  const folder = localRunFolder(options, runId);
  const local = loadLocalRun(folder, runId);
  const output = prepareOutputFolder(options.output ?? local.output, runId);
  const view = new LiveView(options.json);
  const interrupts = new Interrupts();
  const cluster = new LocalCluster({ ...local, folder, onRestart: (sentence) => view.note(sentence) });
  let client: CoordinatorClient | null = null;
  try {
    await cluster.startCoordinator();
    client = new CoordinatorClient(cluster.address);
    await client.getRun(runId);
    await cluster.startAgents();
    const { signal } = interrupts;
    const secondsWord = local.sharesCores ? "CPU-seconds" : "slot-seconds";
    const session = { client, runId, output, view, signal, json: options.json, secondsWord, stages: {} };
    const code = await Promise.race([completeRun(session), cluster.failed]);
    if (code !== null) return code;
    process.stderr.write(`stopped; what was answered is kept. Go on: muster runs resume ${runId}\n`);
    return 130;
  } finally {
    interrupts.close();
    client?.close();
    await cluster.stop();
  }
};
export default resume;

/** A run of this machine by its id or the beginning of it. */
function resolveRun(options: Options, given: string): string {
  const folder = options.dataFolder ?? join(stateFolder(), "local");
  let known: string[] = [];
  try {
    known = readdirSync(folder).filter((name) => name.startsWith(given));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (known.includes(given) || known.length === 0) return given;
  if (known.length === 1) return known[0]!;
  throw new MusterError("usage", `${known.length} local runs begin with ${given}: ${known.slice(0, 3).join(", ")} …`);
}
