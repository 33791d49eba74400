import { createInterface } from "node:readline/promises";
import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { CoordinatorClient } from "../coordinator-client.ts";
import { count } from "../format.ts";
import { Interrupts } from "../interrupts.ts";
import { LiveView } from "../live-view.ts";
import { LocalCluster } from "../local-cluster.ts";
import { localRunFolder, prepareEngine, saveLocalRun } from "../local-run.ts";
import type { Options } from "../options.ts";
import { prepareOutputFolder } from "../output-folder.ts";
import { readRunWish, type RunWish } from "../plan-request.ts";
import { makeRunId } from "../run-id.ts";
import { completeRun } from "../run-session.ts";
import { type SubmittedPlan, submitPlan } from "../submit-plan.ts";
import { showPlanProgress } from "../plan-progress.ts";

const run: Command = async ({ options }) => {
  if (options.detach && options.coordinator === undefined) {
    throw new MusterError("usage", "--detach needs --coordinator: a run on this machine ends with its command");
  }
  return evaluate(options, readRunWish(options));
};
export default run;

/** Evaluates what is wished, on the coordinator that the options name or on this machine. The exit code. */
export async function evaluate(options: Options, wish: RunWish): Promise<number> {
  const runId = makeRunId(new Date());
  const output = options.detach ? "" : prepareOutputFolder(options.output, runId);
  const interrupts = new Interrupts();
  try {
    const start = { options, wish, runId, output, signal: interrupts.signal };
    return options.coordinator === undefined ? await runHere(start) : await runThere(start, options.coordinator);
  } finally {
    interrupts.close();
  }
}

interface Start {
  readonly options: Options;
  readonly wish: RunWish;
  readonly runId: string;
  readonly output: string;
  readonly signal: AbortSignal;
}

async function runThere(start: Start, address: string): Promise<number> {
  const client = new CoordinatorClient(address);
  const { runId } = start;
  try {
    // Fails at once where nobody answers, before any prompt is made.
    await client.listAgents();
    const code = await runWith(
      start,
      client,
      start.options.model ?? "",
      new LiveView(start.options.json),
      "slot-seconds",
    );
    if (code !== null) return code;
    process.stderr.write(
      `detached: run ${runId} goes on. Watch it: muster runs show ${runId} --watch --coordinator ${address}\n` +
        `End it: muster runs cancel ${runId} --coordinator ${address}\n`,
    );
    return 130;
  } finally {
    client.close();
  }
}

async function runHere(start: Start): Promise<number> {
  const { options, runId, output, signal } = start;
  const view = new LiveView(options.json);
  const { model, ...engine } = await prepareEngine(options, signal);
  const folder = localRunFolder(options, runId);
  const local = { ...engine, agents: options.localAgents, output };
  const cluster = new LocalCluster({ ...local, folder, onRestart: (sentence) => view.note(sentence) });
  let client: CoordinatorClient | null = null;
  try {
    saveLocalRun(folder, local);
    await cluster.startCoordinator();
    client = new CoordinatorClient(cluster.address);
    const ready = cluster.startAgents();
    ready.catch(() => undefined);
    const word = engine.sharesCores ? "CPU-seconds" : "slot-seconds";
    const work = runWith(start, client, model, view, word, ready);
    const code = await Promise.race([work, cluster.failed]);
    if (code !== null) return code;
    process.stderr.write(`stopped; what was answered is kept. Go on: muster runs resume ${runId}\n`);
    return 130;
  } finally {
    client?.close();
    await cluster.stop();
  }
}

/** Plans, asks, starts and follows; null where the user interrupted a run that had started. */
// oxlint-disable-next-line max-params
async function runWith(
  { options, wish, runId, output, signal }: Start,
  client: CoordinatorClient,
  model: string,
  view: LiveView,
  secondsWord: string,
  ready: Promise<void> = Promise.resolve(),
): Promise<number | null> {
  const beganMs = performance.now();
  const progress = showPlanProgress(options.json);
  const plan = await submitPlan(
    client,
    { runId, wish, model, options: given(options) },
    { signal, onProgress: progress.show },
  );
  progress.close();
  const plannedMs = performance.now();
  try {
    process.stderr.write(`${planLines(plan, wish, runId).join("\n")}\n`);
    await ready;
    if (!options.yes && !options.detach && process.stdin.isTTY && !(await confirmed(signal))) {
      process.stderr.write("nothing was started\n");
      plan.cancel();
      return 0;
    }
    await plan.start();
  } catch (error) {
    plan.cancel();
    throw error;
  }
  if (options.detach) {
    process.stdout.write(options.json ? `${JSON.stringify({ runId })}\n` : `${runId}\n`);
    return 0;
  }
  const stages = { plan: (plannedMs - beganMs) / 1000, start: (performance.now() - plannedMs) / 1000 };
  return completeRun({ client, runId, output, view, signal, json: options.json, secondsWord, stages });
}

function planLines({ header, end, tokens }: SubmittedPlan, wish: RunWish, runId: string): string[] {
  const tasks = header.tasks.length === 1 ? `task ${header.tasks[0]!.name}` : `${header.tasks.length} tasks`;
  return [
    `run ${runId}: ${wish.suite.length > 60 ? `${wish.suite.slice(0, 60)}…` : wish.suite}`,
    `plan: ${tasks}, ${count(end.sampleCount)} samples, ${count(end.requestCount)} requests, about ${count(tokens)} tokens`,
  ];
}

async function confirmed(signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question("start? [Y/n] ", { signal });
    return !/^n/i.test(answer.trim());
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}

/** The options that say what was evaluated, for the manifest. */
function given(options: Options): object {
  const { tasks, suite, model, engine, limit, numFewshot, seeds, genKwargs, noCache } = options;
  return { tasks, suite, model, engine, limit, numFewshot, seeds, genKwargs, noCache };
}
