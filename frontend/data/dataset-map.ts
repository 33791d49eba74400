import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { MusterError } from "../../base/muster-error.ts";

const schema = z.record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)])));

/** Which files hold a data set's splits; paths are absolute. */
export type SplitFiles = ReadonlyMap<string, readonly string[]>;

/** Data sets by the names that tasks give them: `path` or `path:name`. */
export type DatasetMap = ReadonlyMap<string, SplitFiles>;

/** Reads a dataset map. Throws `usage` naming the file and what is wrong with it. */
export function readDatasetMap(file: string): DatasetMap {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new MusterError("usage", `the dataset map ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const result = schema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new MusterError("usage", `the dataset map ${file}: ${issue?.path.join(" → ")}: ${issue?.message}`, {
      wayOut: '{"openai/gsm8k:main": {"test": "test.jsonl"}}: data sets, their splits, the files.',
    });
  }
  const absolute = (path: string): string => resolve(dirname(file), path);
  return new Map(
    Object.entries(result.data).map(([name, splits]) => [
      name,
      new Map(Object.entries(splits).map(([split, files]) => [split, [files].flat().map(absolute)])),
    ]),
  );
}
