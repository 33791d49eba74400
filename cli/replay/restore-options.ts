// From a manifest back to what was asked: the run's wish, and the engine that its own agents had.
import { resolve } from "node:path";
import { cacheFolder } from "../../base/node/folders.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";
import type { EngineSettings } from "../engine-settings.ts";
import type { Options } from "../options.ts";
import type { RunWish } from "../run-wish.ts";
import type { FoundManifest } from "./found-manifest.ts";

/** `options` of a manifest: what was asked, as JSON holds it. */
type AskedOptions = Omit<PlanRequest, "cacheFolder" | "numFewshotOf"> & {
  readonly numFewshotOf?: Readonly<Record<string, number>>;
  /** Absent where agents of a coordinator computed. */
  readonly engine?: Partial<EngineSettings> | null;
};

/** The run's wish; folders and maps that are given now stand in for those that the manifest names. */
export function wishOf({ manifest }: FoundManifest, { includePaths, datasetMap }: Options): RunWish {
  const asked = manifest.options as AskedOptions;
  const { tasks, limit, numFewshot, seeds, generationOverrides, bootstrapIterations, chat } = asked;
  return {
    suite: manifest.run.suite,
    request: {
      ...{ tasks, limit, numFewshot, seeds, generationOverrides, bootstrapIterations },
      ...(chat === undefined ? {} : { chat }),
      includePaths: includePaths.length > 0 ? includePaths.map((path) => resolve(path)) : asked.includePaths,
      datasetMap: datasetMap === undefined ? asked.datasetMap : resolve(datasetMap),
      numFewshotOf: new Map(Object.entries(asked.numFewshotOf ?? {})),
      cacheFolder: cacheFolder(),
    },
  };
}

/** The options with the model, the engine and its settings that the run had, where none are given. */
export function engineOptionsOf({ manifest }: FoundManifest, options: Options): Options {
  const { model: hadModel } = manifest.run;
  if (options.coordinator !== undefined) return { ...options, model: options.model ?? hadModel };
  const engines = manifest.agents.flatMap((agent) => agent.engines).filter(({ model }) => model === hadModel);
  const [first] = engines;
  const urls = [...new Set(engines.map(({ url }) => url).filter((url) => url !== ""))];
  const settings = (manifest.options as AskedOptions).engine ?? {};
  const saysWhere = options.engine !== undefined || options.engineUrls.length > 0;
  return {
    ...options,
    ...(first === undefined || saysWhere ? {} : { engine: first.engine, engineUrls: urls }),
    model: options.model ?? hadModel,
    engineApi: options.engineApi === "completions" ? (settings.engineApi ?? options.engineApi) : options.engineApi,
    thinkEnd: options.thinkEnd ?? settings.thinkEnd,
    thinkingTokens: options.thinkingTokens === 0 ? (settings.thinkingTokens ?? 0) : options.thinkingTokens,
    simulation: options.simulation ?? settings.simulation,
  };
}
