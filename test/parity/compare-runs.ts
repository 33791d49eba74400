// Whether two runs reported the same: every prompt, sample, score and standard error, with the same bits.
import { isDeepStrictEqual } from "node:util";
import type { GoldenSample, RunReport } from "./golden-runs.ts";

/** A task or group, and in what its two reports differ: nothing where they are equal. */
export interface Compared {
  readonly name: string;
  readonly differences: readonly string[];
}

/** The tasks and groups of two runs. */
export interface RunComparison {
  readonly tasks: readonly Compared[];
  readonly groups: readonly Compared[];
}

/** What is reported once a task or group. */
const SECTIONS = ["results", "groups", "n-samples", "n-shot", "versions", "higher_is_better"] as const;

/** Compares a run with what it should have reported. */
export function compareRuns(expected: RunReport, actual: RunReport): RunComparison {
  const tasks = namesOf([expected.samples, actual.samples]);
  const all = namesOf(SECTIONS.flatMap((section) => [expected[section] ?? {}, actual[section] ?? {}]));
  const compare = (name: string): Compared => ({
    name,
    differences: [...compareSamples(expected, actual, name), ...compareSections(expected, actual, name)],
  });
  return { tasks: tasks.map(compare), groups: all.filter((name) => !tasks.includes(name)).map(compare) };
}

function namesOf(sections: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(sections.flatMap((section) => Object.keys(section)))];
}

function compareSections(expected: RunReport, actual: RunReport, name: string): readonly string[] {
  return SECTIONS.flatMap((section) => {
    const [wanted, got] = [expected[section]?.[name], actual[section]?.[name]];
    if (isDeepStrictEqual(wanted, got)) return [];
    if (!isRecord(wanted) || !isRecord(got)) return [`${section}: expected ${show(wanted)}, got ${show(got)}`];
    const keys = [...new Set([...Object.keys(wanted), ...Object.keys(got)])];
    return keys
      .filter((key) => !isDeepStrictEqual(wanted[key], got[key]))
      .map((key) => `${section} ${key}: expected ${show(wanted[key])}, got ${show(got[key])}`);
  });
}

/** The first sample that differs: more say the same again. */
function compareSamples(expected: RunReport, actual: RunReport, name: string): readonly string[] {
  const [wanted = [], got = []] = [expected.samples[name], actual.samples[name]];
  const length = Math.max(wanted.length, got.length);
  for (let position = 0; position < length; position++) {
    const difference = compareSample(wanted[position], got[position]);
    if (difference !== null) return [`sample ${position} of ${wanted.length} (${got.length} here): ${difference}`];
  }
  return [];
}

function compareSample(wanted: GoldenSample | undefined, got: GoldenSample | undefined): string | null {
  if (wanted === undefined) return `document ${got!.doc_id}, filter ${got!.filter} is not expected`;
  const place = `document ${wanted.doc_id}, filter ${wanted.filter}`;
  if (got === undefined) return `${place} is missing`;
  if (wanted.doc_id !== got.doc_id || wanted.filter !== got.filter) {
    return `${place} is expected, here is document ${got.doc_id}, filter ${got.filter}`;
  }
  if (wanted.prompts !== got.prompts) return `${place}: expected prompts ${wanted.prompts}, got ${got.prompts}`;
  if (isDeepStrictEqual(wanted.metrics, got.metrics)) return null;
  return `${place}: expected ${show(wanted.metrics)}, got ${show(got.metrics)}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** JSON, except that no two different numbers look alike. */
function show(value: unknown): string {
  const exact = (_key: string, member: unknown): unknown =>
    typeof member === "number" && (!Number.isFinite(member) || Object.is(member, -0))
      ? Object.is(member, -0)
        ? "-0"
        : String(member)
      : member;
  return value === undefined ? "nothing" : JSON.stringify(value, exact);
}
