import type { Run } from "../proto/gen/muster/v1/operator_pb.js";
import { count, dollars, duration } from "./format.ts";
import { printable } from "./terminal.ts";

/** What a run took and who did it, as lines. */
export function summaryLines(run: Run, secondsWord: string): string[] {
  const lines = [
    `${count(run.promptTokens)} prompt and ${count(run.completionTokens)} completion tokens in ${duration(run.elapsedSeconds)}`,
    `${run.slotSeconds.toFixed(1)} ${secondsWord}${run.costUsd > 0 ? `, ${dollars(run.costUsd)}` : ", no price given (--price-per-hour)"}`,
    ...run.agents.map(
      (agent) =>
        `${printable(agent.hostName)} (process ${agent.processId}): ${count(agent.requestsDone)} requests, ${agent.slotSeconds.toFixed(1)} s busy`,
    ),
  ];
  if (run.truncatedRequests > 0n) {
    lines.push(`${count(run.truncatedRequests)} prompts were longer than the context and lost their beginning`);
  }
  if (run.disagreements > 0n) lines.push(`${count(run.disagreements)} requests were answered twice, differently`);
  if (run.requestsFailed > 0n) {
    lines.push(
      `${count(run.requestsFailed)} requests got no answer; their samples are not scored: ${printable(run.reason)}`,
    );
  }
  return lines;
}
