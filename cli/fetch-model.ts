import { cacheFolder } from "../base/node/folders.ts";
import { withDownloadBar } from "./download-progress.ts";
import { engineOf } from "./local-agents.ts";
import type { Options } from "./options.ts";

/** Fetches the model of local agents once, before they start, so that they do not fetch it at the same time. */
export async function fetchModel(options: Options, signal: AbortSignal): Promise<void> {
  const { model } = options;
  if (engineOf(options) !== "llama.cpp" || model === undefined) return;
  const { resolveModel } = await import("../agent/adapters/models/resolve-model.ts");
  await withDownloadBar((onProgress) => resolveModel(model, { cacheFolder: cacheFolder(), onProgress, signal }));
}
