import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { testCacheFolder } from "../support/harness-python.ts";

const PYTHON_FOLDER = join(testCacheFolder(), "vllm-venv", "bin");
const MODEL_FOLDER = join(testCacheFolder(), "vllm-model-smollm2-135m");
const LOOK_AGAIN_MS = 300;

/** A real model server, started for a test. */
export interface ModelServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** vLLM on the CPU with the catalogue model, under its catalogue name. Resolves when it takes requests. */
export async function startVllm(): Promise<ModelServer> {
  const port = await freePort();
  // 32-bit floats: 16-bit ones are emulated on most CPUs, and five times slower.
  const flags =
    "--dtype float32 --enforce-eager --max-model-len 2048 --enable-tokenizer-info-endpoint --host 127.0.0.1";
  const words = ["serve", MODEL_FOLDER, "--served-model-name", "smollm2-135m", "--port", String(port)];
  return start(port, join(PYTHON_FOLDER, "vllm"), [...words, ...flags.split(" ")], {
    VLLM_CPU_OMP_THREADS_BIND: "nobind",
    OMP_NUM_THREADS: "2",
    // Threads that wait must not keep a busy core from those that they wait for.
    OMP_WAIT_POLICY: "PASSIVE",
    KMP_BLOCKTIME: "0",
    VLLM_CPU_KVCACHE_SPACE: "1",
    VLLM_NO_USAGE_STATS: "1",
  });
}

/** llama.cpp's server with a GGUF file. Resolves when it takes requests. */
export async function startLlamaServer(file: string): Promise<ModelServer> {
  const port = await freePort();
  const program = join(import.meta.dirname, "llama-server.py");
  return start(port, join(PYTHON_FOLDER, "python"), [program, file, String(port)], {});
}

async function start(
  port: number,
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ModelServer> {
  // A process group of its own: such servers have helpers, which must end with them.
  const child = spawn(command, words, {
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(-8_000)));
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command} ended:\n${said}`);
    await sleep(LOOK_AGAIN_MS);
  }
  return {
    url,
    async stop() {
      endGroup(child);
      await ended;
    },
  };
}

function endGroup(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGTERM");
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/v1/models`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
