// One evaluation from a wish to printed scores: make the plan, find or start a cluster, submit, watch, write results.
import { join, resolve } from "node:path";
import { assert } from "../base/assert.ts";
import { MusterError } from "../base/muster-error.ts";
import type { PlanHeader, PlanPiece } from "../evaluation/plan.ts";
import { streamPlan } from "../frontend/stream-plan.ts";
import type { Agent, AgentSlot, Run } from "../proto/gen/muster/v1/operator_pb.js";
import { encodeJson } from "../proto/codec/plan-messages.ts";
import { confirmStart } from "./confirm.ts";
import { engineSettingsOf } from "./engine-settings.ts";
import { finishRun } from "./finish-run.ts";
import { orInterrupted } from "./interruption.ts";
import { localAgentWords } from "./local-agents.ts";
import { dropLocalRun, lastSeenOf, listLocalRuns, newRunId, saveLocalRun } from "./local-runs.ts";
import { NotNative } from "./not-native.ts";
import type { Options } from "./options.ts";
import { type OutputFolder, prepareOutputFolder } from "./output-folder.ts";
import { planProgressText } from "./plan-progress.ts";
import { fetchModel } from "./fetch-model.ts";
import { openLocalCluster, openRemoteCluster, type RunCluster, submitterName } from "./run-cluster.ts";
import { describePlan, placeRun, requireCapabilities } from "./run-plan.ts";
import { plural } from "./quantities.ts";
import type { RunWish } from "./run-wish.ts";
import { endSubmission, type PlanSummary, sendPlan } from "./send-plan.ts";
import { StageClock } from "./stage-clock.ts";
import { StatusLine } from "./status-line.ts";

/** Times that a plan is sent before it is given up. */
const SUBMISSIONS_MAX = 5;

/** How an evaluation is done. */
export interface EvaluationOptions {
  readonly options: Options;
  readonly wish: RunWish;
  /** First abort: stop in order. */
  readonly signal: AbortSignal;
  /** Commands to try after this one. */
  readonly next?: readonly string[];
  /** Gets the value that `--json` prints, instead of standard output. */
  readonly onResult?: (value: object) => void;
  /** Gets the slots that will compute, before they do; throws where they must not. */
  readonly checkEngines?: (slots: readonly AgentSlot[]) => void;
}

/** An evaluation on its way. */
export interface Evaluation extends EvaluationOptions {
  readonly runId: string;
  readonly clock: StageClock;
  readonly status: StatusLine;
  /** Null where the results are not waited for. */
  readonly output: OutputFolder | null;
}

/** Evaluates and prints; resolves to the exit code. Throws MusterError; what was answered is then kept. */
export async function evaluate(wanted: EvaluationOptions): Promise<number> {
  const { options } = wanted;
  if (options.detach && options.coordinator === undefined) {
    throw new MusterError("usage", "--detach needs a coordinator that goes on without this command", {
      wayOut: "Add --coordinator HOST:PORT; `muster coordinator` starts one.",
    });
  }
  // Before anything is started, so that what cannot be costs nothing.
  const agentWords = options.coordinator === undefined ? localAgentWords(options) : null;
  const runId = newRunId(new Date());
  const output = options.detach ? null : prepareOutputFolder(resolve(options.output ?? join("muster-results", runId)));
  const evaluation = { ...wanted, runId, clock: new StageClock(), status: new StatusLine(), output };
  try {
    return agentWords === null ? await evaluateRemotely(evaluation) : await evaluateLocally(evaluation, agentWords);
  } finally {
    evaluation.status.clear();
    output?.discard();
  }
}

async function evaluateRemotely(evaluation: Evaluation): Promise<number> {
  const { options, runId } = evaluation;
  noteIgnored(options);
  const cluster = await openRemoteCluster(options.coordinator!);
  try {
    const earlier = await cluster.client.listRuns(50);
    await submitPlan(evaluation, { open: async () => cluster, earlier, onAccepted: () => undefined });
    if (options.detach) return printDetached(options, runId);
    return await finishRun({ ...evaluation, cluster, onRun: () => undefined });
  } finally {
    await cluster.close();
  }
}

async function evaluateLocally(evaluation: Evaluation, agentWords: string[][]): Promise<number> {
  const { options, wish, runId, output, clock } = evaluation;
  const record = { runId, suite: wish.suite, createdUnixMs: Date.now(), output: output!.path, agentWords };
  let note = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  let cluster: RunCluster | null = null;
  let isAccepted = false;
  const open = async (): Promise<RunCluster> => {
    await fetchModel(options, evaluation.signal);
    clock.end("plan");
    evaluation.status.showNow("starting a coordinator and agents …");
    cluster = await openLocalCluster(runId, agentWords, (sentence) => note(sentence));
    clock.end("start");
    return cluster;
  };
  try {
    const earlier = listLocalRuns()
      .map(lastSeenOf)
      .filter((run) => run !== null);
    const onAccepted = (): void => {
      saveLocalRun(record, null);
      isAccepted = true;
    };
    await submitPlan(evaluation, { open, earlier, onAccepted });
    const onRun = (run: Run): void => saveLocalRun(record, run);
    return await finishRun({ ...evaluation, cluster: cluster!, onRun, onNotes: (show) => (note = show) });
  } finally {
    await (cluster as RunCluster | null)?.close();
    if (!isAccepted) dropLocalRun(runId);
  }
}

interface SubmitSurroundings {
  /** Gets the cluster, once the plan is known to be possible. */
  open(): Promise<RunCluster>;
  /** Runs that tell how fast this may be. */
  readonly earlier: readonly Run[];
  /** Called just before the run starts. */
  onAccepted(): void;
}

/** Makes the plan, shows it, asks, and starts the run; again where the coordinator goes away meanwhile. */
async function submitPlan(evaluation: Evaluation, around: SubmitSurroundings): Promise<void> {
  const { signal, status, options } = evaluation;
  let cluster: RunCluster | null = null;
  const open = async (): Promise<RunCluster> => (cluster ??= await around.open());
  for (let attempt = 1; ; attempt++) {
    try {
      await submitOnce(evaluation, { ...around, open }, attempt === 1);
      break;
    } catch (thrown) {
      const { kind, message } = MusterError.from(thrown);
      const isBrokenOff = kind === "connection" || (kind === "interrupted" && !signal.aborted);
      if (!isBrokenOff || cluster === null || attempt === SUBMISSIONS_MAX) throw thrown;
      status.note(`${message}; the plan is made and sent again`);
    }
  }
  if (!options.json && !options.detach && !process.stderr.isTTY)
    process.stderr.write(`Run     ${evaluation.runId}\n\n`);
}

async function submitOnce(evaluation: Evaluation, around: SubmitSurroundings, isFirst: boolean): Promise<void> {
  const { wish, signal, status, options, clock } = evaluation;
  const pieces = streamPlan(wish.request, {
    signal,
    onProgress: (progress) => status.show(planProgressText(progress)),
    onNote: (note) => status.note(note),
  });
  try {
    const header = await takeHeader(pieces);
    checkSuite(wish, header);
    const cluster = await around.open();
    const submission = await cluster.client.submit();
    try {
      const plan = await sendPlan(header, pieces, submission, runFacts(evaluation));
      clock.end("plan");
      if (cluster.isLocal) status.showNow(`waiting for ${plural(options.localAgents, "agent")} to start …`);
      await untilReady(cluster, signal);
      if (cluster.isLocal) clock.end("start");
      status.clear();
      if (isFirst) {
        const agents = await cluster.client.listAgents();
        await showPlan(evaluation, { plan, agents, earlier: around.earlier, isLocal: cluster.isLocal });
      }
      around.onAccepted();
      await endSubmission(submission, plan.end);
      clock.end("submit");
    } catch (error) {
      submission.cancel();
      throw error;
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function takeHeader(pieces: AsyncGenerator<PlanPiece>): Promise<PlanHeader> {
  const first = await pieces.next().catch((thrown: unknown) => {
    const error = MusterError.from(thrown);
    throw error.kind === "unsupported" ? new NotNative(error) : thrown;
  });
  assert(first.done !== true && first.value.kind === "header", "a plan that does not begin with its header");
  return first.value.header;
}

/** Settings of single tasks must find their task. */
function checkSuite({ request }: RunWish, { tasks }: PlanHeader): void {
  for (const name of request.numFewshotOf?.keys() ?? []) {
    if (tasks.some((task) => task.name === name)) continue;
    throw new MusterError("usage", `the suite gives ${name} settings of its own, but that is not a single task`, {
      wayOut: "Give settings to the tasks of the group, or num_fewshot to the whole suite.",
    });
  }
}

async function untilReady(cluster: RunCluster, signal: AbortSignal): Promise<void> {
  const ready = Promise.race([cluster.agentsReady, cluster.failed]);
  if ((await orInterrupted(ready, signal)) === "interrupted") {
    throw new MusterError("interrupted", "stopped before the run began");
  }
}

interface ShownPlan {
  readonly plan: PlanSummary;
  readonly agents: readonly Agent[];
  readonly earlier: readonly Run[];
  readonly isLocal: boolean;
}

async function showPlan({ wish, options, signal, checkEngines }: Evaluation, shown: ShownPlan): Promise<void> {
  const { plan, agents, earlier, isLocal } = shown;
  // Local agents all hold what they were told to hold, whatever they call it.
  const placement = placeRun(agents, isLocal ? undefined : options.model);
  requireCapabilities(placement, plan.header.tasks);
  checkEngines?.(placement.slots.map(({ slot }) => slot));
  process.stderr.write(`${describePlan(wish.suite, plan, placement, earlier).join("\n")}\n`);
  if (!options.yes && !options.json) await confirmStart();
  if (signal.aborted) throw new MusterError("interrupted", "stopped before the run began");
}

function runFacts({ runId, wish, options }: Evaluation): Parameters<typeof sendPlan>[3] {
  const { numFewshotOf, cacheFolder: _cacheFolder, ...request } = wish.request;
  const facts = {
    ...request,
    numFewshotOf: Object.fromEntries(numFewshotOf ?? []),
    noCache: options.noCache,
    // A coordinator's agents have settings of their own.
    engine: options.coordinator === undefined ? engineSettingsOf(options) : null,
  };
  return {
    runId,
    suite: wish.suite,
    model: options.coordinator === undefined ? "" : (options.model ?? ""),
    optionsJson: encodeJson(facts),
    seed: BigInt(wish.request.seeds.python),
    submittedBy: submitterName(),
  };
}

/** What is for agents that this command would start does nothing where they are there already. */
function noteIgnored(options: Options): void {
  const ignored = [
    ["--engine", options.engine !== undefined],
    ["--engine-url", options.engineUrls.length > 0],
    ["--threads", options.threads !== undefined],
    ["--concurrency", options.concurrency !== undefined],
    ["--simulation", options.simulation !== undefined],
  ].flatMap(([flag, isGiven]) => (isGiven === true ? [flag] : []));
  if (ignored.length === 0) return;
  process.stderr.write(`note: with --coordinator its agents compute; ${ignored.join(", ")} is not used\n`);
}

function printDetached(options: Options, runId: string): number {
  if (options.json) process.stdout.write(`${JSON.stringify({ runId, coordinator: options.coordinator })}\n`);
  else {
    process.stdout.write(`${runId}\n`);
    process.stderr.write(`Next:   muster runs show ${runId} --watch --coordinator ${options.coordinator}\n`);
  }
  return 0;
}
