import { join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { evaluate } from "../evaluate.ts";
import { type Interruption, listenForInterruption } from "../interruption.ts";
import { newRunId } from "../local-runs.ts";
import type { Options } from "../options.ts";
import { planProgressText } from "../plan-progress.ts";
import {
  compareCircumstances,
  compareOutcomes,
  comparePlan,
  type Differences,
  engineOptionsOf,
  findManifest,
  type FoundManifest,
  wishOf,
} from "../replay.ts";
import { StatusLine } from "../status-line.ts";
import { printable } from "../terminal.ts";

const GATE_FAILED = 1;

const replay: Command = async ({ options: given, words }) => {
  const before = findManifest(words[0]!);
  const output = resolve(given.output ?? join("muster-results", `replay-${newRunId(new Date())}`));
  const options = { ...engineOptionsOf(before, given), output, yes: true };
  const interruption = listenForInterruption();
  try {
    const after = await runAgain(before, options, interruption);
    const differences = compareOutcomes(before, after);
    say(options, { before, after, differences });
    return differences.length === 0 ? 0 : GATE_FAILED;
  } finally {
    interruption.close();
  }
};
export default replay;

async function runAgain(
  before: FoundManifest,
  options: Options & { readonly output: string },
  { signal }: Interruption,
): Promise<FoundManifest> {
  const wish = wishOf(before, options);
  const status = new StatusLine();
  try {
    const differences = await comparePlan(before, wish, {
      signal,
      onProgress: (progress) => status.show(planProgressText(progress)),
      onNote: (note) => status.note(note),
    });
    status.clear();
    refuse(differences, options.allowDifferent);
  } finally {
    status.clear();
  }
  // Answers from before would prove nothing.
  await evaluate({ options: { ...options, noCache: true }, wish, signal, onResult: () => undefined });
  return findManifest(options.output);
}

function refuse(differences: Differences, allowsDifferent: boolean): void {
  if (differences.length === 0) return;
  if (!allowsDifferent) {
    throw new MusterError("conflict", `this would be another run: ${differences.join("; ")}`, {
      wayOut:
        "Bring back the tasks and data that the manifest names (--include-path, --dataset-map), or compare all the same with --allow-different.",
    });
  }
  for (const difference of differences) process.stderr.write(`note: ${printable(difference)}\n`);
}

function say(
  { json, output }: Options,
  found: { readonly before: FoundManifest; readonly after: FoundManifest; readonly differences: Differences },
): void {
  const { before, after, differences } = found;
  const circumstances = compareCircumstances(before.manifest, after.manifest);
  const isEqual = differences.length === 0;
  const [old, now] = [before.manifest.run.runId, after.manifest.run.runId];
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ isEqual, run: now, replayed: old, output, differences, circumstances })}\n`,
    );
    return;
  }
  const verdict = isEqual
    ? `Run ${now} equals run ${old}: the same prompts, the same samples, the same scores to the last bit.`
    : `Run ${now} differs from run ${old}:`;
  const lines = [verdict, ...differences.map((line) => `  ${line}`), ...circumstances.map((line) => `note: ${line}`)];
  process.stdout.write(`\n${lines.map(printable).join("\n")}\n`);
}
