import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { MusterError } from "../../base/muster-error.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";

/** A manifest, and the folder that it lies in. */
export interface FoundManifest {
  readonly manifest: RunManifest;
  readonly folder: string;
}

const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);
const seeds = z.object({ python: z.int(), numpy: z.int(), torch: z.int(), fewshot: z.int() });

/** What a replay reads of a manifest. */
const manifestSchema = z.looseObject({
  format: z.literal("muster-manifest/1"),
  musterVersion: z.string(),
  profile: z.string(),
  run: z.looseObject({ runId: z.string(), suite: z.string(), model: z.string() }),
  options: z.looseObject({
    tasks: z.array(z.string()).min(1),
    includePaths: z.array(z.string()),
    datasetMap: z.string().nullable(),
    limit: z.number().nullable(),
    numFewshot: z.int().nullable(),
    numFewshotOf: z.record(z.string(), z.int()).optional(),
    seeds,
    generationOverrides: z.string().nullable(),
    bootstrapIterations: z.int().min(0),
    engine: z.looseObject({}).nullish(),
  }),
  planDigest: z.string(),
  scoresDigest: z.string(),
  datasets: z.array(
    z.looseObject({ dataset: z.string(), split: z.string(), source: z.string(), sha256: z.string(), rows: z.number() }),
  ),
  tasks: z.array(z.looseObject({ task: z.string(), digest: z.string() })).optional(),
  responses: z
    .looseObject({ digest: z.string(), tasks: z.array(z.object({ task: z.string(), sampleDigests: z.base64() })) })
    .optional(),
  scores: z
    .array(
      z.looseObject({
        task: z.string(),
        metric: z.string(),
        filter: z.string(),
        value: number,
        standardError: number.nullable(),
      }),
    )
    .optional(),
  agents: z.array(
    z.looseObject({
      engines: z.array(
        z.looseObject({
          engine: z.string(),
          engineVersion: z.string(),
          url: z.string(),
          model: z.string(),
          modelDigest: z.string(),
        }),
      ),
    }),
  ),
  coverage: z.looseObject({
    expectedSamples: z.number(),
    countedSamples: z.number(),
    expectedRequests: z.number(),
    countedDigest: z.string(),
  }),
});

/** Reads a manifest, or that of a folder of results. Throws `notFound`, and `badData` with the field that is wrong. */
export function findManifest(path: string): FoundManifest {
  const inFolder = join(path, "manifest.json");
  const file = resolve(existsSync(inFolder) ? inFolder : path);
  if (!existsSync(file)) {
    throw new MusterError("notFound", `there is no manifest at ${path}`, {
      wayOut: "Name the manifest.json of a run, or the folder that its results were written to.",
    });
  }
  const parsed = manifestSchema.safeParse(readJson(file));
  if (parsed.success) return { manifest: parsed.data as unknown as RunManifest, folder: dirname(file) };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? "" : `: ${issue.path.join(".")}: ${issue.message}`;
  throw new MusterError("badData", `${file} is no manifest of a run that can be replayed${place}`, {
    wayOut: "Runs of the bridge are repeated by their own command; other files are none of Muster's.",
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new MusterError("badData", `${file} cannot be read as JSON: ${(error as Error).message}`, {
      wayOut: "Name the manifest.json of a run, or the folder that its results were written to.",
      cause: error,
    });
  }
}
