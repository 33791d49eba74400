import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { MusterError } from "../../base/muster-error.ts";
import type { CardLayout } from "./data-card.ts";
import type { FilePin } from "./data-file.ts";

const pinnedSchema = z.strictObject({
  file: z.string(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  source: z.string().optional(),
});
const fileSchema = z.union([z.string(), pinnedSchema]);

const layoutSchema = z.strictObject({
  settings: z.record(z.string(), z.unknown()),
  features: z.array(z.unknown()).nullable(),
});

/**
 * A dataset map as it is written: data sets, their splits, the files, relative to the map. `$layout` is what the card of
 * a pulled data set says of how it is read.
 */
export const datasetMapSchema = z.record(
  z.string(),
  z.object({ $layout: layoutSchema.optional() }).catchall(z.union([fileSchema, z.array(fileSchema).min(1)])),
);

/** A file that a map names; its path is absolute. */
export interface MappedFile extends FilePin {
  readonly path: string;
}

/** A data set that a map names. */
export interface MappedDataset {
  readonly splits: ReadonlyMap<string, readonly MappedFile[]>;
  readonly layout: CardLayout | null;
}

/** Data sets by the names that tasks give them: `mapKeyOf`, `path:name` or `path`. */
export type DatasetMap = ReadonlyMap<string, MappedDataset>;

/** Reads a dataset map. Throws `usage` naming the file and what is wrong with it. */
export function readDatasetMap(file: string): DatasetMap {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new MusterError("usage", `the dataset map ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const result = datasetMapSchema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new MusterError("usage", `the dataset map ${file}: ${issue?.path.join(" → ")}: ${issue?.message}`, {
      wayOut: '{"openai/gsm8k:main": {"test": "test.jsonl"}}: data sets, their splits, the files.',
    });
  }
  const mapped = (entry: z.infer<typeof fileSchema>): MappedFile => {
    const { file: path, sha256 = null, source = null } = typeof entry === "string" ? { file: entry } : entry;
    return { path: resolve(dirname(file), path), sha256, source };
  };
  return new Map(
    Object.entries(result.data).map(([name, { $layout: layout = null, ...splits }]) => {
      const files = Object.entries(splits).map(([split, list]): [string, MappedFile[]] => [
        split,
        [list].flat().map(mapped),
      ]);
      return [name, { splits: new Map(files), layout }];
    }),
  );
}
