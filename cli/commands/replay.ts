import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { evaluate } from "../evaluate.ts";
import { type Interruption, listenForInterruption } from "../interruption.ts";
import { newRunId } from "../local-runs.ts";
import type { Options } from "../options.ts";
import { planProgressText } from "../plan-progress.ts";
import { compareEngines, compareMuster, type EngineFacts } from "../replay/compare-engines.ts";
import { compareOutcomes, type OutcomeComparison } from "../replay/compare-outcomes.ts";
import { comparePlan } from "../replay/compare-plan.ts";
import { describeOutcomes } from "../replay/describe-outcomes.ts";
import { readAnswers, type ShownAnswers } from "../replay/first-answers.ts";
import { findManifest, type FoundManifest } from "../replay/found-manifest.ts";
import { engineOptionsOf, wishOf } from "../replay/restore-options.ts";
import { StatusLine } from "../status-line.ts";
import { printable } from "../terminal.ts";

const GATE_FAILED = 1;

/** What was found before anything was computed. */
interface Preconditions {
  /** What makes it another run, although it was allowed. */
  readonly differences: string[];
  readonly notes: string[];
}

const replay: Command = async ({ options: given, words }) => {
  const before = findManifest(words[0]!);
  const output = resolve(given.output ?? join("muster-results", `replay-${newRunId(new Date())}`));
  const options = { ...engineOptionsOf(before, given), output, yes: true };
  const interruption = listenForInterruption();
  const found: Preconditions = { differences: [], notes: [...compareMuster(before.manifest)] };
  try {
    const after = await runAgain(before, options, { interruption, found });
    const outcomes = compareOutcomes(before.manifest, after.manifest);
    const first = outcomes.responses?.first ?? null;
    say(options, { before, after, found, outcomes, shown: first && (await readAnswers(before, after, first)) });
    return outcomes.isEqual ? 0 : GATE_FAILED;
  } finally {
    interruption.close();
  }
};
export default replay;

async function runAgain(
  before: FoundManifest,
  options: Options & { readonly output: string },
  { interruption, found }: { readonly interruption: Interruption; readonly found: Preconditions },
): Promise<FoundManifest> {
  const wish = wishOf(before, options);
  const { signal } = interruption;
  const status = new StatusLine();
  try {
    const { differences, notes, wayOut } = await comparePlan(before.manifest, wish, {
      signal,
      onProgress: (progress) => status.show(planProgressText(progress)),
      onNote: (note) => status.note(note),
    });
    status.clear();
    for (const note of notes) found.notes.push(note);
    allowOrRefuse(found, differences, { options, wayOut });
  } finally {
    status.clear();
  }
  const checkEngines = (engines: readonly EngineFacts[]): void => {
    const { model, notes } = compareEngines(before.manifest, engines);
    found.notes.push(...notes);
    allowOrRefuse(found, model, { options, wayOut: null });
  };
  // Answers from before would prove nothing.
  const wanted = { options: { ...options, noCache: true }, wish, signal, checkEngines, onResult: () => undefined };
  await evaluate(wanted);
  if (existsSync(join(options.output, "manifest.json"))) return findManifest(options.output);
  throw new MusterError("partial", "the run that was to be compared has no results");
}

function allowOrRefuse(
  found: Preconditions,
  differences: readonly string[],
  { options, wayOut }: { readonly options: Options; readonly wayOut: string | null },
): void {
  if (differences.length === 0) return;
  if (!options.allowDifferent) {
    const back =
      wayOut ??
      "Bring back the tasks, data and model that the manifest names (--include-path, --dataset-map, --model, --engine-url)";
    throw new MusterError("conflict", `this would be another run: ${differences.join("; ")}`, {
      wayOut: `${back}, or compare all the same with --allow-different.`,
    });
  }
  found.differences.push(...differences);
  for (const difference of differences) process.stderr.write(`note: ${printable(difference)}\n`);
}

interface Said {
  readonly before: FoundManifest;
  readonly after: FoundManifest;
  readonly found: Preconditions;
  readonly outcomes: OutcomeComparison;
  readonly shown: ShownAnswers | null;
}

function say({ json, output }: Options, said: Said): void {
  const { before, after, found, outcomes, shown } = said;
  const [replayed, run] = [before.manifest.run.runId, after.manifest.run.runId];
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...outcomes, run, replayed, output, answers: shown, ...found })}\n`);
    return;
  }
  const verdict = outcomes.isEqual ? `Run ${run} equals run ${replayed}:` : `Run ${run} differs from run ${replayed}:`;
  const notes = [...found.differences, ...found.notes].map((note) => `note: ${note}`);
  const lines = [verdict, ...describeOutcomes(outcomes, shown), ...notes];
  process.stdout.write(`\n${lines.map(printable).join("\n")}\n`);
}
