import { getLlama, type Llama, LlamaLogLevel, type LlamaModel, NoBinaryFoundError } from "node-llama-cpp";
import { MusterError } from "../../../../base/muster-error.ts";

/** Loads the library with a GPU build where the host has one, without ever compiling. Throws `unsupported`. */
export async function loadLlama(threads: number): Promise<Llama> {
  try {
    return await getLlama({
      gpu: "auto",
      build: "never",
      maxThreads: threads,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
      logger: () => undefined,
    });
  } catch (error) {
    if (!(error instanceof NoBinaryFoundError)) throw error;
    throw new MusterError("unsupported", `llama.cpp has no build for ${process.platform} on ${process.arch}`, {
      wayOut: "Serve the model with another engine and give its address with --engine-url.",
      cause: error,
    });
  }
}

/** Loads a GGUF file's weights. Throws `badData` where it is none, `interrupted` where `signal` aborts. */
export async function loadModel(llama: Llama, file: string, signal: AbortSignal): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath: file, loadSignal: signal });
  } catch (error) {
    if (signal.aborted) throw new MusterError("interrupted", "stopped while a model was loaded", { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new MusterError("badData", `llama.cpp cannot load ${file}: ${reason}`, {
      wayOut: "Check that it is a complete GGUF file and that it fits into memory.",
      cause: error,
    });
  }
}
