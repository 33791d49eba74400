// What is said where the scoring of one sample does not end.
import { MusterError } from "../../base/muster-error.ts";
import type { PlanManifest } from "../shell/plan-store.ts";

/** How long the scoring of one sample may take; all others together take as long as they need. */
export const SAMPLE_LIMIT_MS = 60_000;

/** Says which sample it is, and which regular expressions its task's filters have. */
export function stuckSample({ header, end }: PlanManifest, sample: number, limitMs: number): MusterError {
  let [task, first] = [0, 0];
  while (sample >= first + end.taskCounts[task]!.samples) first += end.taskCounts[task++]!.samples;
  const { name, config } = header.tasks[task]!;
  const patterns = patternsOf(config);
  const suspects = patterns.length === 0 ? "" : `; its filters search with ${patterns.join(", ")}`;
  return new MusterError(
    "badData",
    `task ${name}, document ${sample - first}: scoring it took more than ${limitMs / 1000} s${suspects}`,
    {
      wayOut:
        "A repeat within a repeat, as in (a+)+, can try more ways than there is time for; the harness would try them " +
        "all. Rewrite the expression in the task's YAML.",
    },
  );
}

/** `"PATTERN" (FILTER)` for each pattern that the configuration names; `config` is Python's JSON. */
function patternsOf(config: string): string[] {
  const { filter_list: pipelines } = JSON.parse(config.replaceAll(/\b(?:NaN|-?Infinity)\b(?=[,}\]])/g, "null")) as {
    readonly filter_list?: readonly { readonly name?: string; readonly filter?: readonly Record<string, unknown>[] }[];
  };
  return (pipelines ?? []).flatMap(({ name, filter }) =>
    (filter ?? []).flatMap(({ regex_pattern: pattern }) =>
      typeof pattern === "string" ? [`${JSON.stringify(pattern)} (${String(name)})`] : [],
    ),
  );
}
