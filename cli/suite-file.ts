import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { MusterError } from "../base/muster-error.ts";
import { formatPythonJson } from "../evaluation/harness/python/json-format.ts";
import { isDict } from "../evaluation/harness/python/value.ts";
import { readYaml } from "../evaluation/harness/task/yaml-read.ts";
import type { PythonJson } from "../evaluation/plan.ts";

const seed = z.number().int().min(0).max(0xffffffff);
const text = z.string().min(1);
const examples = z.number().int().min(0).max(1000);

const suiteSchema = z.strictObject({
  name: text.optional(),
  tasks: z.array(z.union([text, z.strictObject({ task: text, num_fewshot: examples.optional() })])).min(1),
  include_path: z.union([text, z.array(text)]).optional(),
  dataset_map: text.optional(),
  limit: z
    .number()
    .gt(0)
    .refine((limit) => limit < 1 || Number.isInteger(limit), "expected a whole number, or a share below 1")
    .optional(),
  num_fewshot: examples.optional(),
  seed: z.union([seed, z.tuple([seed, seed, seed, seed])]).optional(),
  gen_kwargs: z.record(z.string(), z.unknown()).optional(),
});

/** A suite file, checked; paths are absolute. Absent settings are undefined. */
export interface Suite {
  readonly name: string | undefined;
  readonly tasks: readonly string[];
  /** Examples of single tasks, by name. */
  readonly numFewshotOf: ReadonlyMap<string, number>;
  readonly includePaths: readonly string[];
  readonly datasetMap: string | undefined;
  readonly limit: number | undefined;
  readonly numFewshot: number | undefined;
  readonly seeds: readonly [number, number, number, number] | undefined;
  readonly genKwargs: PythonJson | undefined;
}

/** Reads a suite file. Throws `notFound`, or `badData` that names file, line and what is wrong. */
export function readSuite(file: string): Suite {
  const source = readText(file);
  const value = readYaml(source, {
    file,
    resolveFunction: (name) => {
      throw new MusterError("badData", `${file} uses !function ${name}, which a suite cannot have`, {
        wayOut: "Functions belong into a task's own YAML file.",
      });
    },
  });
  const suite = check(file, source);
  const fromHere = (path: string): string => resolve(dirname(file), path);
  const settings = isDict(value) ? value.get("gen_kwargs") : undefined;
  const entries = suite.tasks.map((task) => (typeof task === "string" ? { task, num_fewshot: undefined } : task));
  return {
    name: suite.name,
    // What looks like a file is one beside the suite.
    tasks: entries.map(({ task }) => (task.endsWith(".yaml") ? fromHere(task) : task)),
    numFewshotOf: new Map(
      entries.flatMap(({ task, num_fewshot }) => (num_fewshot === undefined ? [] : [[task, num_fewshot]])),
    ),
    includePaths: (suite.include_path === undefined ? [] : [suite.include_path].flat()).map(fromHere),
    datasetMap: suite.dataset_map === undefined ? undefined : fromHere(suite.dataset_map),
    limit: suite.limit,
    numFewshot: suite.num_fewshot,
    seeds: typeof suite.seed === "number" ? [suite.seed, suite.seed, suite.seed, suite.seed] : suite.seed,
    genKwargs: settings === undefined ? undefined : formatPythonJson(settings, { ensureAscii: false }),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new MusterError("notFound", `cannot read the suite file ${file}: ${(error as Error).message}`, {
      wayOut: "Check the path after --suite.",
      cause: error,
    });
  }
}

function check(file: string, source: string): z.infer<typeof suiteSchema> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, version: "1.1" });
  const result = suiteSchema.safeParse(document.toJS());
  if (result.success) return result.data;
  const issue = innermost(result.error.issues[0]!);
  const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
  const path = [...issue.path, ...keys.slice(0, 1)] as (string | number)[];
  const found = path.length === 0 ? document.contents : document.getIn(path, true);
  const offset = isNode(found) ? (found.range?.[0] ?? 0) : 0;
  const where = path.length === 0 ? "a suite" : path.join(".");
  const what = keys.length > 0 ? "is not a setting of a suite" : `cannot be used: ${issue.message}`;
  throw new MusterError("badData", `${file}:${lines.linePos(offset).line}: ${where} ${what}`, {
    wayOut: `A suite has: ${Object.keys(suiteSchema.shape).join(", ")}; tasks is a list of names.`,
  });
}

/** Of a union, the complaint of the alternative that came furthest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().toSorted((first, second) => second.path.length - first.path.length)[0];
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] });
}
