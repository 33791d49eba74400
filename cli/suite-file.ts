import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { MusterError } from "../base/muster-error.ts";

const list = z.union([z.string().transform((word) => [word]), z.array(z.string())]);

const suiteSchema = z.strictObject({
  name: z.string().min(1).optional(),
  tasks: list,
  include_path: list.optional(),
  dataset_map: z.string().optional(),
  limit: z.number().positive().optional(),
  num_fewshot: z.number().int().min(0).optional(),
  gen_kwargs: z.record(z.string(), z.json()).optional(),
});

/** A suite as its file says it. Paths are absolute; what it does not say is null. */
export interface Suite {
  readonly name: string;
  readonly tasks: readonly string[];
  readonly includePaths: readonly string[];
  readonly datasetMap: string | null;
  readonly limit: number | null;
  readonly numFewshot: number | null;
  readonly genKwargs: Readonly<Record<string, unknown>> | null;
}

/** Reads a suite file. Throws `usage` naming the file, and the line or the key. */
export function readSuite(file: string): Suite {
  const given = parseYaml(file);
  const result = suiteSchema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new MusterError("usage", `${file}: ${issue?.path.join(".") || "the suite"}: ${issue?.message}`, {
      wayOut: `A suite has tasks, and may have ${Object.keys(suiteSchema.shape)
        .filter((key) => key !== "tasks")
        .join(", ")}.`,
    });
  }
  const suite = result.data;
  const absolute = (path: string): string => resolve(dirname(file), path);
  return {
    name: suite.name ?? file,
    tasks: suite.tasks.map((task) => (/\.ya?ml$/.test(task) ? absolute(task) : task)),
    includePaths: (suite.include_path ?? []).map(absolute),
    datasetMap: suite.dataset_map === undefined ? null : absolute(suite.dataset_map),
    limit: suite.limit ?? null,
    numFewshot: suite.num_fewshot ?? null,
    genKwargs: suite.gen_kwargs ?? null,
  };
}

function parseYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new MusterError("usage", `cannot read the suite ${file}: ${(error as Error).message}`, { cause: error });
  }
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem === undefined) return document.toJS();
  const line = problem.linePos?.[0].line ?? 1;
  throw new MusterError(
    "usage",
    `${file}, line ${line}: ${problem.message.split("\n")[0]!.replace(/ at line .*/, "")}`,
  );
}
