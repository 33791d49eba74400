import type { PlanProgress } from "../frontend/plan-request.ts";
import { count } from "./format.ts";
import { printable } from "./terminal.ts";

const SAY = { index: "looking for tasks", data: "reading data", prompts: "making prompts" } as const;
/** Quick plans say nothing. */
const QUIET_MS = 1_000;

/** Shows on a terminal how far the making of a plan is. */
export function showPlanProgress(quiet: boolean): { show(progress: PlanProgress): void; close(): void } {
  const stream = process.stderr;
  const beganMs = performance.now();
  let [drawnMs, isDrawn] = [0, false];
  return {
    show({ stage, subject, done, total }) {
      const nowMs = performance.now();
      if (quiet || !stream.isTTY || nowMs - beganMs < QUIET_MS || nowMs - drawnMs < 100) return;
      drawnMs = nowMs;
      isDrawn = true;
      const far = total > 0 ? ` ${count(done)}/${count(total)}` : done > 0 ? ` ${count(done)}` : "";
      stream.write(`\r\u001b[2K${SAY[stage]}: ${printable(subject)}${far}`);
    },
    close() {
      if (isDrawn) stream.write("\r\u001b[2K");
    },
  };
}
