// Notices a thread that stays at one sample. Regular expressions can take longer than the universe lasts on a text of
// forty characters, in Python as here, and nothing in the same thread could stop them. So the scoring thread notes in
// shared memory which sample it is at, and who started it looks on.
import { MusterError } from "../../base/muster-error.ts";
import type { PlanManifest } from "../shell/plan-store.ts";

/** How long the scoring of one sample may take; all others together take as long as they need. */
export const SAMPLE_LIMIT_MS = 60_000;

const LOOKS = 20;
const NO_SAMPLE = -1;

/** Shared memory for the sample at hand. */
export function openSampleMark(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4)).fill(NO_SAMPLE);
}

/** Marks a sample while it is scored. */
export function markSample<Result>(mark: Int32Array, sample: number, score: () => Result): Result {
  Atomics.store(mark, 0, sample);
  try {
    return score();
  } finally {
    Atomics.store(mark, 0, NO_SAMPLE);
  }
}

/**
 * Calls back once, with the sample, when a thread has been at one sample for the limit. Looks are counted, not the
 * clock, so that a machine which slept is not taken for a slow one. Returns what ends the watch.
 */
export function watchSamples(mark: Int32Array, limitMs: number, onStuck: (sample: number) => void): () => void {
  let [seen, looks] = [NO_SAMPLE, 0];
  const timer = setInterval(() => {
    const sample = Atomics.load(mark, 0);
    looks = sample !== NO_SAMPLE && sample === seen ? looks + 1 : 0;
    seen = sample;
    if (looks < LOOKS) return;
    clearInterval(timer);
    onStuck(sample);
  }, limitMs / LOOKS);
  timer.unref();
  return () => clearInterval(timer);
}

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
