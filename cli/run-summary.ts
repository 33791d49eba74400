import type { Agent, Run } from "../proto/gen/muster/v1/operator_pb.js";
import { formatCount, formatDollars, formatDuration, plural } from "./quantities.ts";
import { printable } from "./terminal.ts";

/** What a summary says beside the run. */
export interface SummarySurroundings {
  /** Agents of the cluster, for what their slots are. */
  readonly agents: readonly Agent[];
  /** Where the results lie; null where they were not written. */
  readonly output: string | null;
  /** What to type next. */
  readonly next: readonly string[];
}

/** What a run took and where its results lie, as lines. */
export function summariseRun(run: Run, { agents, output, next }: SummarySurroundings): string[] {
  const speed = run.elapsedSeconds > 0 ? Number(run.requestsDone) / run.elapsedSeconds : 0;
  const lines = [
    `${plural(run.samplesDone, "sample")}, ${plural(run.requestsDone, "request")} in ${formatDuration(run.elapsedSeconds)} (${speed.toFixed(1)} requests/s)`,
    `Tokens  ${formatCount(run.promptTokens)} in prompts, ${formatCount(run.completionTokens)} generated`,
    `Time    ${formatDuration(run.slotSeconds)} of ${slotWord(run, agents)} time`,
    `Cost    ${costText(run)}`,
    ...run.agents.map((worker, position) => {
      const head = position === 0 ? "Agents  " : "        ";
      const name = `${printable(worker.hostName)} (process ${worker.processId})`;
      return `${head}${name} answered ${plural(worker.requestsDone, "request")} in ${formatDuration(worker.slotSeconds)}`;
    }),
    ...notes(run).map((note) => `Note    ${note}`),
  ];
  if (output !== null) lines.push(`Results ${output}`);
  if (next.length > 0)
    lines.push("", ...next.map((command, position) => `${position === 0 ? "Next:   " : "        "}${command}`));
  return lines;
}

/** What a slot is on the hosts that worked: GPUs, or CPUs where there are none. */
function slotWord(run: Run, agents: readonly Agent[]): string {
  const workers = agents.filter(({ agentId }) => run.agents.some((worker) => worker.agentId === agentId));
  const withGpu = workers.filter(({ gpus }) => gpus.length > 0).length;
  if (workers.length === 0 || (withGpu > 0 && withGpu < workers.length)) return "slot";
  return withGpu > 0 ? "GPU" : "CPU";
}

function costText(run: Run): string {
  if (run.costUsd > 0) return formatDollars(run.costUsd);
  return "not known: give agents their --price-per-hour";
}

/** What a reader of the scores should know. */
function notes(run: Run): string[] {
  const found: string[] = [];
  if (run.requestsFailed > 0n) {
    found.push(
      `${plural(run.requestsFailed, "request")} got no answer and stand in manifest.json; their samples are in no score`,
    );
  }
  if (run.truncatedRequests > 0n) {
    found.push(
      `${plural(run.truncatedRequests, "prompt")} longer than the context were cut from the left, as the harness does`,
    );
  }
  if (run.disagreements > 0n) {
    found.push(`${plural(run.disagreements, "request")} computed twice got different answers; the first counts`);
  }
  if (run.leaseExpiries > 0n)
    found.push(`agents went silent ${plural(run.leaseExpiries, "time")}; their work was given to others`);
  return found;
}
