import { MusterError } from "../../../base/muster-error.ts";
import type { InferenceEngine } from "../../ports/inference-engine.ts";
import type { EngineName, EngineOptions } from "./engine-options.ts";

/** Loads or connects the engines that the options name, one a slot. Adapters are imported only when they are used. */
export async function openEngines(options: EngineOptions): Promise<readonly InferenceEngine[]> {
  const engine = options.engine ?? (options.urls.length > 0 ? "openai" : "llama.cpp");
  if (engine !== "openai" && options.urls.length > 0) {
    throw new MusterError("usage", `--engine-url goes with --engine openai, not with ${engine}`);
  }
  return OPENERS[engine](options);
}

const OPENERS: { readonly [engine in EngineName]: (options: EngineOptions) => Promise<readonly InferenceEngine[]> } = {
  async hash(options) {
    const { HashEngine } = await import("./hash/hash-engine.ts");
    return [new HashEngine(options.model ?? "hash", options.concurrency)];
  },
  async simulated(options) {
    const { SimulatedEngine } = await import("./simulated/simulated-engine.ts");
    return [new SimulatedEngine(options.model ?? "hash", options.concurrency, options.simulation)];
  },
  async openai(options) {
    if (options.urls.length === 0) {
      throw new MusterError("usage", "--engine openai needs the address of a server", {
        wayOut: "For example --engine-url http://127.0.0.1:8000; several times for several slots.",
      });
    }
    const { openOpenAiEngine } = await import("./openai/openai-engine.ts");
    return Promise.all(options.urls.map((url) => openOpenAiEngine(url, options)));
  },
  async "llama.cpp"(options) {
    const { openLlamaCppEngine } = await import("./llama-cpp/llama-cpp-engine.ts");
    return [await openLlamaCppEngine(options)];
  },
};
