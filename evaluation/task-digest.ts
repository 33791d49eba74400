import { sha256Hex } from "../base/sha256.ts";
import type { PlanTask } from "./plan.ts";
import { portableTask } from "./portable-task.ts";

/**
 * Hex SHA-256 of what a task says: its settings after includes, overrides and defaults, and the code that scores it.
 * Comments, the order of files and where they lie do not change it; nor does the data.
 */
export function digestTask(task: PlanTask): string {
  const { outputKind, version, numFewshot, config, code, higherIsBetter } = portableTask(task);
  return sha256Hex(JSON.stringify([outputKind, version, numFewshot, config, code ?? null, higherIsBetter]));
}
