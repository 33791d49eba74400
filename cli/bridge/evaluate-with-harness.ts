// `muster bridge run`: a cluster, the harness beside it, and the harness's own files at the end.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import { bridgeEnvironment, pythonOf, readBridgeNote } from "../../frontend/bridge/bridge-folder.ts";
import { fetchModel } from "../fetch-model.ts";
import { orInterrupted } from "../interruption.ts";
import { localAgentWords } from "../local-agents.ts";
import { dropLocalRun, newRunId } from "../local-runs.ts";
import type { Options } from "../options.ts";
import { prepareOutputFolder } from "../output-folder.ts";
import { openLocalCluster, openRemoteCluster, type RunCluster } from "../run-cluster.ts";
import { placeRun } from "../run-plan.ts";
import type { RunWish } from "../run-wish.ts";
import { readScores } from "../score-table.ts";
import { StatusLine } from "../status-line.ts";
import { tellsDigests } from "./answer-identity.ts";
import { type HarnessStart, runHarness } from "./harness-process.ts";
import { harnessWords } from "./harness-words.ts";

/** The time in the names of the harness's files: the same in all of one evaluation. */
const STAMP = /_(\d{4}-\d\d-\d\dT[^/_]*)\.jsonl?$/;

/** What the harness is to evaluate. */
export interface HarnessWish {
  readonly options: Options;
  readonly wish: RunWish;
  /** Arguments for the harness as the user gave them. */
  readonly more: readonly string[];
  readonly signal: AbortSignal;
  /** Gets the value that `--json` prints, instead of standard output. */
  readonly onResult?: (value: object) => void;
}

/** Evaluates with the harness; resolves to the exit code. Throws MusterError; what was answered is then kept. */
export async function evaluateWithHarness(wanted: HarnessWish): Promise<number> {
  const { options } = wanted;
  const python = findBridge(options);
  const output = prepareOutputFolder(resolve(options.output ?? join("muster-results", newRunId(new Date()))));
  try {
    if (options.coordinator === undefined) await runLocally({ ...wanted, python, output: output.path });
    else await runRemotely({ ...wanted, python, output: output.path }, options.coordinator);
    return printResults(wanted, output.path);
  } finally {
    output.discard();
  }
}

interface HarnessRun extends HarnessWish {
  readonly python: string;
  readonly output: string;
}

/** The Python that has the harness. Throws `notFound` where nothing is installed. */
function findBridge({ bridgePython }: Options): string {
  if (bridgePython !== undefined) return bridgePython;
  const environment = bridgeEnvironment(cacheFolder());
  if (readBridgeNote(environment) !== null) return pythonOf(environment);
  throw new MusterError("notFound", "the Python bridge is not installed", {
    wayOut: "`muster bridge install` sets it up, once; or name a Python that has lm_eval with --bridge-python.",
  });
}

async function runRemotely(run: HarnessRun, address: string): Promise<void> {
  const cluster = await openRemoteCluster(address);
  try {
    await runOn(cluster, run);
  } finally {
    await cluster.close();
  }
}

/** The cluster's folder follows from the command, so that the same command finds what it was answered before. */
async function runLocally(run: HarnessRun): Promise<void> {
  const { options, wish, more, signal } = run;
  const agentWords = localAgentWords(options);
  const named = JSON.stringify([agentWords, { ...wish.request, cacheFolder: "" }, more]);
  const folder = `bridge-${createHash("sha256").update(named).digest("hex").slice(0, 12)}`;
  if (options.noCache) dropLocalRun(folder);
  await fetchModel(options, signal);
  const status = new StatusLine();
  status.showNow("starting a coordinator and agents …");
  const cluster = await openLocalCluster(folder, agentWords, (sentence) => process.stderr.write(`${sentence}\n`));
  let isOver = false;
  try {
    const ready = await orInterrupted(Promise.race([cluster.agentsReady, cluster.failed]), signal);
    status.clear();
    if (ready === "interrupted") throw new MusterError("interrupted", "stopped before the harness was started");
    await runOn(cluster, { ...run, options: { ...options, model: undefined } });
    isOver = true;
  } catch (error) {
    // There is something to come back to only where a run was begun.
    isOver = await cluster.client.listRuns(1).then(
      (runs) => runs.length === 0,
      () => false,
    );
    throw error;
  } finally {
    status.clear();
    await cluster.close();
    if (isOver) dropLocalRun(folder);
  }
}

async function runOn(cluster: RunCluster, run: HarnessRun): Promise<void> {
  const { wish, options, signal, python, output, more } = run;
  const { model, slots } = placeRun(await cluster.client.listAgents(), options.model);
  const place = {
    coordinator: cluster.client.addresses,
    model,
    fresh: options.noCache,
    resume: options.resume,
    output,
    chatSource: options.applyChatTemplate,
    more,
  };
  const start: HarnessStart = {
    python,
    words: harnessWords(wish.request, place),
    datasetMap: wish.request.datasetMap,
    bootstrapIterations: wish.request.bootstrapIterations,
    printsTable: !options.json,
    tellsDigests: tellsDigests(slots.map(({ slot }) => slot)),
    signal,
  };
  await Promise.race([runHarness(start), cluster.failed]);
}

function printResults({ options, onResult }: HarnessWish, output: string): number {
  const written = readdirSync(output, { recursive: true, encoding: "utf8" }).filter((name) => STAMP.test(name));
  // Another frontend, or an earlier command, may have written there, too.
  const newest = written.map(stampOf).toSorted().at(-1);
  const files = written.filter((name) => stampOf(name) === newest);
  const results = files.find((name) => basename(name).startsWith("results_"));
  if (results === undefined) {
    throw new MusterError("badData", `the harness ended well but wrote no results into ${output}`);
  }
  if (options.json) {
    const value = { output, files, scores: readScores(readFileSync(join(output, results))) };
    if (onResult !== undefined) onResult(value);
    else process.stdout.write(`${JSON.stringify(value)}\n`);
  } else process.stderr.write(`Results ${join(output, results)}\n`);
  return 0;
}

function stampOf(name: string): string {
  return STAMP.exec(name)![1]!;
}
