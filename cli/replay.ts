// A run that was, once more: what its manifest says is asked again, and what comes of it compared to the bit.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { MusterError } from "../base/muster-error.ts";
import { cacheFolder } from "../base/node/folders.ts";
import { MUSTER_VERSION } from "../base/node/version.ts";
import type { RunManifest } from "../evaluation/manifest.ts";
import type { PlanDataset, PlanEnd, PlanHeader } from "../evaluation/plan.ts";
import type { PlanRequest } from "../frontend/plan-request.ts";
import { streamPlan, type StreamPlanOptions } from "../frontend/stream-plan.ts";
import type { Options } from "./options.ts";
import type { RunWish } from "./run-wish.ts";
import { readScores } from "./score-table.ts";

/** A manifest, and where it lies. */
export interface FoundManifest {
  readonly manifest: RunManifest;
  readonly folder: string;
}

/** What is not as the manifest has it, a sentence each. */
export type Differences = readonly string[];

const LISTED_MAX = 8;

const manifestSchema = z.looseObject({
  format: z.literal("muster-manifest/1"),
  options: z.looseObject({ tasks: z.array(z.string()), seeds: z.object({ python: z.number() }).loose() }),
  planDigest: z.string(),
  scoresDigest: z.string(),
});

/** Reads a manifest, or that of a folder of results. Throws `notFound` and `badData`. */
export function findManifest(path: string): FoundManifest {
  const inFolder = join(path, "manifest.json");
  const file = resolve(existsSync(inFolder) ? inFolder : path);
  if (!existsSync(file)) {
    throw new MusterError("notFound", `there is no manifest at ${path}`, {
      wayOut: "Name the manifest.json of a run, or the folder that its results were written to.",
    });
  }
  try {
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(file, "utf8"))) as unknown as RunManifest;
    return { manifest, folder: dirname(file) };
  } catch (error) {
    throw new MusterError("badData", `${file} is no manifest of a run that can be replayed`, {
      wayOut: "Runs of the bridge are repeated by their own command; other files are none of Muster's.",
      cause: error,
    });
  }
}

/** The run's wish; folders and maps that were given now stand in for those that the manifest names. */
export function wishOf({ manifest }: FoundManifest, options: Options): RunWish {
  const asked = manifest.options as Omit<PlanRequest, "cacheFolder" | "numFewshotOf"> & {
    readonly numFewshotOf?: Readonly<Record<string, number>>;
  };
  const { includePaths, datasetMap } = options;
  return {
    suite: manifest.run.suite,
    request: {
      ...asked,
      includePaths: includePaths.length > 0 ? includePaths.map((path) => resolve(path)) : asked.includePaths,
      datasetMap: datasetMap === undefined ? asked.datasetMap : resolve(datasetMap),
      numFewshotOf: new Map(Object.entries(asked.numFewshotOf ?? {})),
      cacheFolder: cacheFolder(),
    },
  };
}

/** The options with the model and the engine that the run had, where none are given. */
export function engineOptionsOf({ manifest }: FoundManifest, options: Options): Options {
  if (options.coordinator !== undefined) return { ...options, model: options.model ?? manifest.run.model };
  if (options.engine !== undefined || options.engineUrls.length > 0 || options.model !== undefined) return options;
  const engines = manifest.agents.flatMap((agent) => agent.engines);
  const urls = [...new Set(engines.map(({ url }) => url).filter((url) => url !== ""))];
  const [first] = engines;
  if (first === undefined) return options;
  return { ...options, engine: first.engine, engineUrls: urls, model: manifest.run.model };
}

/** Makes the plan without asking anybody, and says in what it is another one. */
export async function comparePlan(
  { manifest }: FoundManifest,
  { request }: RunWish,
  options: StreamPlanOptions,
): Promise<Differences> {
  let [header, end]: [PlanHeader | null, PlanEnd | null] = [null, null];
  for await (const piece of streamPlan(request, options)) {
    if (piece.kind === "header") header = piece.header;
    else if (piece.kind === "end") end = piece.end;
  }
  const { profile, coverage, datasets } = manifest;
  const found: string[] = [];
  if (header!.profile !== profile) found.push(`the profile is ${header!.profile}; it was ${profile}`);
  found.push(...compareDatasets(datasets, end!.datasets));
  if (end!.sampleCount !== coverage.expectedSamples)
    found.push(`there are ${end!.sampleCount} samples; there were ${coverage.expectedSamples}`);
  if (end!.requestCount !== coverage.expectedRequests)
    found.push(`there are ${end!.requestCount} requests; there were ${coverage.expectedRequests}`);
  return found;
}

function compareDatasets(before: readonly PlanDataset[], now: readonly PlanDataset[]): Differences {
  const key = ({ dataset, split }: PlanDataset): string => `${dataset} (${split})`;
  const digestsOf = (datasets: readonly PlanDataset[]): Map<string, string> =>
    new Map(
      [...Map.groupBy(datasets, key)].map(([name, files]) => [name, files.map(({ sha256 }) => sha256).join(" ")]),
    );
  const [old, current] = [digestsOf(before), digestsOf(now)];
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((name) => {
    if (old.get(name) === current.get(name)) return [];
    if (!current.has(name)) return [`the data set ${name} is not read any more`];
    return [old.has(name) ? `the data set ${name} has other bytes` : `the data set ${name} was not read before`];
  });
}

/** What differs between the run that was and the run that is; nothing where all is equal to the bit. */
export function compareOutcomes(before: FoundManifest, after: FoundManifest): Differences {
  const [old, now] = [before.manifest, after.manifest];
  const found: string[] = [];
  if (old.planDigest !== now.planDigest) found.push("the plan is another one: prompts, documents or settings differ");
  if (old.coverage.countedDigest !== now.coverage.countedDigest) found.push("other samples were counted");
  if (old.scoresDigest !== now.scoresDigest) found.push(...compareScores(before, after));
  return found;
}

/** Circumstances that may explain a difference, and make none by themselves. */
export function compareCircumstances(before: RunManifest, after: RunManifest | null): Differences {
  const found: string[] = [];
  if (before.musterVersion !== MUSTER_VERSION)
    found.push(`this is Muster ${MUSTER_VERSION}; the run was made by ${before.musterVersion}`);
  if (after === null) return found;
  const enginesOf = ({ agents }: RunManifest): string =>
    [...new Set(agents.flatMap(({ engines }) => engines.map((engine) => `${engine.engine} ${engine.engineVersion}`)))]
      .toSorted()
      .join(", ");
  const weightsOf = ({ agents }: RunManifest): string =>
    [...new Set(agents.flatMap(({ engines }) => engines.map(({ modelDigest }) => modelDigest)))].toSorted().join(", ");
  if (enginesOf(before) !== enginesOf(after))
    found.push(`the engine is ${enginesOf(after)}; it was ${enginesOf(before)}`);
  if (weightsOf(before) !== weightsOf(after)) found.push("the model has other weights, or its server does not tell");
  return found;
}

function compareScores(before: FoundManifest, after: FoundManifest): Differences {
  const [old, now] = [scoresOf(before.folder), scoresOf(after.folder)];
  if (old === null || now === null) return ["the scores differ; the results file of the run that was is not there"];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  const lines = changed.slice(0, LISTED_MAX).map((key) => `${key} is ${now.get(key)}; it was ${old.get(key)}`);
  const more = changed.length - lines.length;
  if (changed.length === 0) return ["the scores differ in what the table does not show: standard errors or groups"];
  return more > 0 ? [...lines, `${more} more scores differ`] : lines;
}

function scoresOf(folder: string): Map<string, number | null> | null {
  const name = readdirSync(folder).find((file) => /^results_.*\.json$/.test(file));
  if (name === undefined) return null;
  const scores = readScores(readFileSync(join(folder, name)));
  return new Map(scores.map(({ task, metric, filter, value }) => [`${metric} (${filter}) of ${task}`, value]));
}
