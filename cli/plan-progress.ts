import type { PlanProgress } from "../frontend/plan-request.ts";
import { formatCount } from "./quantities.ts";

/** How far the making of a plan is, as a line. */
export function planProgressText({ stage, subject, done, total }: PlanProgress): string {
  const count = total > 0 ? ` ${formatCount(done)}/${formatCount(total)}` : "";
  switch (stage) {
    case "index":
      return "looking for tasks …";
    case "data":
      return `reading data${count}: ${subject} …`;
    case "prompts":
      return `making prompts${count}: ${subject} …`;
  }
}
