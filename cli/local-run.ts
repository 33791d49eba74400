import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { cacheFolder, stateFolder } from "../base/node/folders.ts";
import { downloadBar } from "./download-bar.ts";
import { flagName, OPTIONS, type Options } from "./options.ts";

/** What a run on this machine was started with, kept so that it can be taken up again. */
export interface LocalRun {
  readonly agents: number;
  /** Words of `muster agent`. */
  readonly agentWords: readonly string[];
  readonly sharesCores: boolean;
  /** Absolute. */
  readonly output: string;
}

const FILE = "local-run.json";

/** The folder of a run on this machine: journal, blobs, spools. */
export function localRunFolder(options: Options, runId: string): string {
  return join(options.dataFolder ?? join(stateFolder(), "local"), runId);
}

/** Writes down how a run was started. */
export function saveLocalRun(folder: string, run: LocalRun): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, FILE), JSON.stringify(run), { flush: true });
}

/** How a run of this machine was started. Throws `notFound` where it is none of this machine's. */
export function loadLocalRun(folder: string, runId: string): LocalRun {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), "utf8")) as LocalRun;
  } catch (error) {
    throw new MusterError("notFound", `there is no local run ${runId} (looked in ${folder})`, {
      wayOut: "Runs of a coordinator go on by themselves; `muster runs show RUN --coordinator HOST:PORT` shows them.",
      cause: error,
    });
  }
}

/** The engine that the options ask for, and the model by the name under which slots will announce it. */
export async function prepareEngine(
  options: Options,
  signal: AbortSignal,
): Promise<Pick<LocalRun, "agentWords" | "sharesCores"> & { readonly model: string }> {
  const engine = options.engine ?? (options.engineUrls.length > 0 ? "openai" : "llama.cpp");
  const sharesCores = engine === "llama.cpp";
  const words = [...forwarded(options, ["engineUrls", "concurrency", "threads", "pricePerHour"]), "--engine", engine];
  if (engine === "simulated") words.push("--simulation", JSON.stringify(options.simulation ?? {}));
  if (engine === "llama.cpp") {
    if (options.model === undefined) {
      throw new MusterError("usage", "no --model: which model is to be evaluated?", {
        wayOut: "For example --model smollm2-135m (`muster models` lists the catalogue), or --engine-url of a server.",
      });
    }
    // Fetched here, once and with a bar; the agents find it in the cache.
    const { resolveModel } = await import("../agent/adapters/models/resolve-model.ts");
    const bar = downloadBar(options.json);
    const resolved = await resolveModel(options.model, { cacheFolder: cacheFolder(), onProgress: bar.show, signal });
    bar.close();
    return { agentWords: [...words, "--model", options.model], sharesCores, model: resolved.name };
  }
  const model = options.model ?? (engine === "openai" ? "" : "hash");
  return { agentWords: model === "" ? words : [...words, "--model", model], sharesCores, model };
}

function forwarded(options: Options, names: readonly (keyof typeof OPTIONS)[]): string[] {
  return names.flatMap((name) => {
    const value = options[name];
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).flatMap((one) => [flagName(OPTIONS[name]), String(one)]);
  });
}
