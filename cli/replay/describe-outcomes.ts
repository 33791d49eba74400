import { plural } from "../quantities.ts";
import type { OutcomeComparison, ScoreDifference } from "./compare-outcomes.ts";
import type { ShownAnswers } from "./first-answers.ts";

const LISTED_MAX = 8;

/** A replay's outcome as lines: prompts, samples, answers, scores, each equal or in what it differs. */
export function describeOutcomes(outcomes: OutcomeComparison, shown: ShownAnswers | null): readonly string[] {
  return [
    `  prompts  ${describePrompts(outcomes)}`,
    `  samples  ${describeSamples(outcomes)}`,
    ...describeAnswers(outcomes, shown).map(
      (line, position) => `${position === 0 ? "  answers  " : "           "}${line}`,
    ),
    ...describeScores(outcomes).map((line, position) => `${position === 0 ? "  scores   " : "           "}${line}`),
  ];
}

function describePrompts({ prompts: { isEqual, before, after } }: OutcomeComparison): string {
  if (isEqual) return `the same (plan ${before.slice(0, 12)})`;
  return `other ones: prompts, documents or settings differ (plan ${after.slice(0, 12)}; it was ${before.slice(0, 12)})`;
}

function describeSamples({ samples: { isEqual, before, after } }: OutcomeComparison): string {
  if (isEqual) return `the same ${before} were counted`;
  return `${plural(after, "sample")} counted; ${before} then, or others`;
}

function describeAnswers({ responses }: OutcomeComparison, shown: ShownAnswers | null): string[] {
  if (responses === null) return ["not compared: the manifest is an old one and does not tell"];
  const { isEqual, compared, different, first } = responses;
  if (isEqual) return [`the same to all ${plural(compared, "sample")}`];
  if (first === null) return ["other ones"];
  const lines = [
    `${different} of ${plural(compared, "sample")} were answered otherwise; the first is document ${first.document} of ${first.task}`,
  ];
  if (shown !== null) lines.push(`now:  ${shown.after}`, `then: ${shown.before}`);
  return lines;
}

function describeScores({ scores, isSameDigest }: OutcomeComparison): string[] {
  const { isEqual, compared, different } = scores;
  if (!isEqual) {
    const lines = different.slice(0, LISTED_MAX).map(describeScore);
    const more = different.length - lines.length;
    const differ = different.length === 0 ? "they differ" : `${different.length} of ${compared} differ`;
    return [differ, ...lines, ...(more > 0 ? [`and ${more} more`] : [])];
  }
  const what = compared === 0 ? "the same" : `all ${compared} the same`;
  if (isSameDigest) return [`${what} to the last bit`];
  return [`${what}, and the results differ in what is no score: settings of tasks, or hashes of samples`];
}

function describeScore({ task, metric, filter, before, after }: ScoreDifference): string {
  const name = `${metric} (${filter}) of ${task}`;
  if (before === null) return `${name} is new`;
  if (after === null) return `${name} is gone; it was ${before.value}`;
  if (!Object.is(before.value, after.value)) return `${name} is ${after.value}; it was ${before.value}`;
  return `the standard error of ${name} is ${after.standardError}; it was ${before.standardError}`;
}
