// A run in progress as lines of a terminal. Pure: the same run and surroundings give the same lines.
import type { Agent, Run, TaskProgress } from "../proto/gen/muster/v1/operator_pb.js";
import { formatCount, formatDollars, formatDuration, formatRate, formatShare } from "./quantities.ts";
import type { Rates } from "./rate-meter.ts";
import { formatScore } from "./score-table.ts";
import { bar } from "./status-line.ts";
import { printable, type Style } from "./terminal.ts";

/** A piece of a line and how it looks. */
export type Segment = readonly [text: string, style?: Style];

/** What a frame shows beside the run. */
export interface FrameSurroundings {
  readonly agents: readonly Agent[];
  readonly rates: Rates;
  /** A sentence while something is wrong, else null. */
  readonly trouble: string | null;
  /** What Ctrl-C would do. */
  readonly hint: string;
  /** Lines that fit. */
  readonly height: number;
}

const BAR_WIDTH = 12;
const AGENTS_SHOWN_MAX = 8;
/** Lines that are always there: head, titles, total, speed, cost, hint and the gaps between. */
const FIXED_LINES = 11;

/** The lines of a frame, to be clipped to the terminal's width. */
export function runFrame(run: Run, around: FrameSurroundings): readonly (readonly Segment[])[] {
  const agentLines = frameAgents(run, around.agents);
  const tasksMax = Math.max(3, around.height - FIXED_LINES - agentLines.length);
  const lines: (readonly Segment[])[] = [
    [
      ["Run "],
      [run.runId, "bold"],
      [`  ${printable(run.suite)} on ${printable(run.model)}  `],
      [run.state, stateStyle(run.state)],
    ],
    [],
    ...frameTasks(run, tasksMax),
    [],
    [[speedLine(run, around.rates)]],
    [[costLine(run)]],
    [],
    ...agentLines,
  ];
  const reason = around.trouble ?? (run.state === "waiting" ? `waiting: ${run.reason}` : null);
  lines.push(reason === null ? [[around.hint, "dim"]] : [[printable(reason), "yellow"]]);
  return lines;
}

/** One line for logs: how far a run is, how fast, how long still. */
export function runProgressLine(
  run: Run,
  { rates, trouble, agents }: Omit<FrameSurroundings, "height" | "hint">,
): string {
  const share = shareOf(run.requestsDone, run.requestCount);
  const parts = [
    `${formatCount(run.requestsDone)}/${formatCount(run.requestCount)} requests (${formatShare(share)})`,
    speedLine(run, rates),
    `${agents.filter((agent) => agent.state !== "lost").length} agents`,
  ];
  if (run.state !== "running") parts.unshift(run.state + (run.reason === "" ? "" : ` (${run.reason})`));
  if (trouble !== null) parts.unshift(trouble);
  return `${run.runId}: ${parts.join(", ")}`;
}

function stateStyle(state: string): Style {
  return state === "waiting" ? "yellow" : "green";
}

function shareOf(done: bigint, total: bigint): number {
  return total === 0n ? 0 : Number(done) / Number(total);
}

function frameTasks(run: Run, linesMax: number): (readonly Segment[])[] {
  const shown = chooseTasks(run.tasks, linesMax);
  const names = shown.map(({ task }) => printable(task));
  const width = Math.max("All".length, ...names.map((name) => name.length));
  const counts = [...shown, { samplesDone: run.samplesDone, sampleCount: run.sampleCount }].map(
    ({ samplesDone, sampleCount }) => `${formatCount(samplesDone)}/${formatCount(sampleCount)}`,
  );
  const countWidth = Math.max("Samples".length, ...counts.map((count) => count.length));
  const title = `${"Task".padEnd(width)}  ${"Samples".padStart(countWidth)}  ${"".padEnd(BAR_WIDTH)}  `;
  const lines: (readonly Segment[])[] = [
    [
      [title, "dim"],
      ["Scores in progress, not an estimate", "dim"],
    ],
  ];
  shown.forEach((task, position) => {
    const share = shareOf(task.samplesDone, task.sampleCount);
    lines.push([
      [`${names[position]!.padEnd(width)}  ${counts[position]!.padStart(countWidth)}  `],
      [bar(share, BAR_WIDTH), share === 1 ? "green" : "cyan"],
      [`  ${scoresSoFar(task)}`],
    ]);
  });
  const hidden = run.tasks.length - shown.length;
  if (hidden > 0) lines.push([[`… and ${formatCount(hidden)} more tasks`, "dim"]]);
  const share = shareOf(run.samplesDone, run.sampleCount);
  lines.push([
    [`${"All".padEnd(width)}  ${counts.at(-1)!.padStart(countWidth)}  `, "bold"],
    [bar(share, BAR_WIDTH), share === 1 ? "green" : "cyan"],
    [`  ${formatShare(share)}`, "bold"],
  ]);
  return lines;
}

/** Where not all fit: those at work, then those not begun, then those that are done; in the run's order. */
function chooseTasks(tasks: readonly TaskProgress[], linesMax: number): readonly TaskProgress[] {
  if (tasks.length <= linesMax) return tasks;
  const rank = ({ samplesDone, sampleCount }: TaskProgress): number =>
    samplesDone === sampleCount ? 2 : samplesDone > 0n ? 0 : 1;
  const chosen = new Set(tasks.toSorted((first, second) => rank(first) - rank(second)).slice(0, linesMax - 1));
  return tasks.filter((task) => chosen.has(task));
}

function scoresSoFar({ metrics }: TaskProgress): string {
  return metrics
    .map(
      ({ metric, filter, value }) =>
        `${printable(filter === "none" ? metric : `${metric} (${filter})`)} ${formatScore(value)}`,
    )
    .join("  ");
}

function speedLine(run: Run, { requestsPerSecond, tokensPerSecond, secondsLeft }: Rates): string {
  const tokens = Number(run.promptTokens + run.completionTokens);
  const left = secondsLeft === null || secondsLeft < 1 ? "" : `, about ${formatDuration(secondsLeft)} left`;
  const speed = `${formatRate(requestsPerSecond)} requests/s, ${formatRate(tokensPerSecond)} tokens/s`;
  return `${speed}, ${formatCount(tokens)} tokens so far, ${formatDuration(run.elapsedSeconds)}${left}`;
}

function costLine(run: Run): string {
  const cost = run.costUsd > 0 ? `, ${formatDollars(run.costUsd)}` : "";
  const failed = run.requestsFailed > 0n ? `, ${formatCount(run.requestsFailed)} requests set aside` : "";
  return `${formatDuration(run.slotSeconds)} of slot time${cost}${failed}`;
}

function frameAgents(run: Run, agents: readonly Agent[]): (readonly Segment[])[] {
  const total = run.agents.reduce((sum, agent) => sum + Number(agent.requestsDone), 0);
  const lines = run.agents.map((worker): readonly Segment[] => {
    const agent = agents.find(({ agentId }) => agentId === worker.agentId);
    const share = total === 0 ? 0 : Number(worker.requestsDone) / total;
    const name = `${printable(worker.hostName)} (process ${worker.processId})`;
    const count = `${formatShare(share).padStart(5)} of the answers, ${formatCount(worker.requestsDone)} requests`;
    const state = agent === undefined || agent.state === "lost" ? "lost" : agent.state;
    return [
      [`${name}  ${count}`],
      [`  ${state}`, state === "lost" ? "red" : "dim"],
      [agent === undefined ? "" : hostLoad(agent), "dim"],
    ];
  });
  const hidden = lines.length - AGENTS_SHOWN_MAX;
  if (hidden > 0) lines.splice(AGENTS_SHOWN_MAX, hidden, [[`… and ${hidden} more agents`, "dim"]]);
  return lines.length === 0 ? [] : [...lines, []];
}

/** How busy an agent's host is: its GPUs where it has them, else its CPU. */
export function hostLoad(agent: Agent): string {
  if (agent.gpus.length === 0) return `  host CPU ${formatShare(agent.cpuShare)}`;
  const mean = agent.gpus.reduce((sum, gpu) => sum + gpu.utilizationShare, 0) / agent.gpus.length;
  const watts = agent.gpus.reduce((sum, gpu) => sum + gpu.powerWatts, 0);
  return `  ${agent.gpus.length} GPU ${formatShare(mean)}${watts > 0 ? `, ${formatCount(watts)} W` : ""}`;
}
