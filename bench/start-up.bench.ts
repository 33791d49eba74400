// What a person waits for: the first byte of help, and the printed plan of a task of 1,221 documents with five choices
// each, the size of commonsense_qa's validation split. Each figure is the median over several starts of the shipped
// program, from the spawn on; the launcher that finds Node 24 is included.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { makeTasks } from "../test/support/made-tasks.ts";
import { MusterProcesses } from "../test/support/muster-processes.ts";
import type { Benchmark } from "./benchmark.ts";

const LAUNCHER = join(import.meta.dirname, "..", "bin", "muster.cjs");
const DOCUMENTS = 1_221;

const startUp: Benchmark = {
  title: "first byte of --help, and the printed plan of a task",
  async run({ tiny }) {
    const muster = new MusterProcesses();
    try {
      makeTasks(join(muster.home, "tasks"), 1, { choiceDocuments: tiny ? 20 : DOCUMENTS, writtenDocuments: 1 });
      await muster.startCoordinator();
      await muster.startAgent("bench-0", ["--engine", "hash", "--model", "hash"]);
      const words = [
        ..."run --tasks made_choice --model hash --yes --no-cache --detach".split(" "),
        ...["--include-path", join(muster.home, "tasks"), "--coordinator", muster.grpcAddress],
      ];
      const [help, plan] = [
        await medianMs("help", tiny ? 1 : 9, () => msUntil(["--help"], "stdout", /./)),
        await medianMs("plan", tiny ? 1 : 5, () => msUntil(words, "stderr", /samples/)),
      ];
      return [
        { name: "first byte of help", value: help, unit: "ms", atMost: 300 },
        { name: "plan printed", value: plan, unit: "ms", atMost: 3_000 },
      ];
    } finally {
      await muster.stop();
    }
  },
};
export default startUp;

async function medianMs(name: string, rounds: number, measure: () => Promise<number>): Promise<number> {
  const measured: number[] = [];
  for (let round = 0; round < rounds; round++) measured.push(await measure());
  measured.sort((first, second) => first - second);
  console.log(`  ${name}: ${measured.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  return measured[measured.length >> 1]!;
}

/** Milliseconds from the spawn until a stream has shown the pattern; waits for the end, so that starts do not overlap. */
function msUntil(words: readonly string[], stream: "stdout" | "stderr", pattern: RegExp): Promise<number> {
  const beganMs = performance.now();
  const child = spawn(process.execPath, [LAUNCHER, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let [shown, foundMs] = ["", Number.NaN];
  child[stream].on("data", (bytes: Buffer) => {
    shown += bytes.toString();
    if (Number.isNaN(foundMs) && pattern.test(shown)) foundMs = performance.now() - beganMs;
  });
  return new Promise((resolve, reject) => {
    child.once("close", (code) => {
      if (code === 0 && !Number.isNaN(foundMs)) resolve(foundMs);
      else reject(new Error(`muster ${words.join(" ")} ended with ${code}, without ${pattern}:\n${shown}`));
    });
  });
}
