// 50,000 distinct scoring requests with prompts of about 1 KB through a coordinator and two agent processes with the
// hash engine: journal and blobs on disk, scored, merged and exported. Start-up of the processes is not counted.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Benchmark, Gate } from "./benchmark.ts";
import { MusterProcesses } from "../test/support/muster-processes.ts";

const CHOICES = 5;
/**
 * A coordinator whose memory is flat in the number of samples shows it over this factor, twice. Only the second step is
 * held to it: in a short run V8 has not yet let as much garbage wait as it lets wait.
 */
const GROWTH = 4;

const endToEnd: Benchmark = {
  title: "hash engine, 2 agents, journal on disk, scored and merged",
  async run({ tiny }) {
    const documents = tiny ? 40 : 10_000;
    const first = await measure(documents);
    const longer = await measure(GROWTH * documents);
    const longest = await measure(GROWTH ** 2 * documents);
    const peaks = [first, longer, longest].map(({ output, watched }) => ({
      requests: output.run.requestCount,
      megabytes: largestMegabytes(watched),
    }));
    const told = peaks.map(({ requests, megabytes }) => `${megabytes.toFixed(0)} at ${requests} requests`);
    console.log(`coordinator's largest memory, MB: ${told.join(", ")}`);
    return [
      ...report(first),
      {
        name: `coordinator's memory, ${peaks[2]!.requests} requests against ${peaks[1]!.requests}`,
        value: peaks[2]!.megabytes / peaks[1]!.megabytes,
        unit: "times",
        atMost: 1.05,
      },
    ];
  },
};
export default endToEnd;

interface Measured {
  readonly output: RunOutput;
  readonly wallSeconds: number;
  readonly watched: Watched;
}

/** One run on processes and data folders of its own. */
async function measure(documents: number): Promise<Measured> {
  const cluster = new MusterProcesses();
  try {
    await cluster.startCoordinator();
    for (const name of ["bench-0", "bench-1"]) await cluster.startAgent(name, ["--engine", "hash", "--model", "hash"]);
    const tasks = writeTask(cluster.home, documents);
    const watch = watchCoordinator(cluster);
    const beganMs = performance.now();
    const output = await cluster.output([
      ..."run --tasks bench_choice --model hash --yes --json --no-cache".split(" "),
      ...["--include-path", tasks, "--coordinator", cluster.grpcAddress, "--output", join(cluster.home, "out")],
    ]);
    const wallSeconds = (performance.now() - beganMs) / 1000;
    return { output: JSON.parse(output) as RunOutput, wallSeconds, watched: await watch.stop() };
  } finally {
    await cluster.stop();
  }
}

function largestMegabytes({ memoryBytes }: Watched): number {
  return Math.max(...memoryBytes) / 2 ** 20;
}

interface RunOutput {
  readonly run: { readonly requestCount: string; readonly agents: readonly { readonly requestsDone: string }[] };
  /** Seconds that each stage took, as the command measured them. */
  readonly stages: Readonly<Record<string, number>>;
}

interface Watched {
  readonly memoryBytes: readonly number[];
  readonly lagSeconds: readonly number[];
  /** Processor time that the coordinator used meanwhile. */
  readonly cpuSeconds: number;
}

function report({ output, wallSeconds, watched }: Measured): readonly Gate[] {
  const requests = Number(output.run.requestCount);
  const byAgent = output.run.agents.map((agent) => Number(agent.requestsDone));
  if (byAgent.length !== 2 || byAgent.some((count) => count === 0))
    throw new Error(`an agent was idle: ${byAgent.join(", ")}`);
  const total = Object.values(output.stages).reduce((sum, seconds) => sum + seconds, 0);
  console.log(`${requests} requests, by agent: ${byAgent.join(" and ")}; whole command ${wallSeconds.toFixed(2)} s`);
  for (const [stage, seconds] of Object.entries(output.stages)) {
    console.log(
      `  ${stage.padEnd(12)} ${seconds.toFixed(2).padStart(7)} s  ${((100 * seconds) / total).toFixed(0).padStart(3)} %`,
    );
  }
  const megabytes = watched.memoryBytes.map((bytes) => bytes / 2 ** 20);
  console.log(
    `coordinator's processor time: ${watched.cpuSeconds.toFixed(1)} s, ${((1e6 * watched.cpuSeconds) / requests).toFixed(0)} µs a request`,
  );
  console.log(`coordinator's memory every half second, MB: ${megabytes.map((size) => size.toFixed(0)).join(" ")}`);
  // What the coordinator and its agents did: from the plan's arrival to written results.
  const served = (output.stages["compute"] ?? 0) + (output.stages["score"] ?? 0);
  return [
    { name: "requests computed, scored and merged", value: requests / served, unit: "requests/s", atLeast: 5_000 },
    { name: "coordinator's resident memory, largest", value: largestMegabytes(watched), unit: "MB", atMost: 300 },
    {
      name: "event-loop lag p99, largest interval",
      value: Math.max(...watched.lagSeconds) * 1000,
      unit: "ms",
      atMost: 50,
    },
  ];
}

/** Looks at the coordinator every half second. */
function watchCoordinator(cluster: MusterProcesses): { stop(): Promise<Watched> } {
  const memoryBytes = [cluster.coordinatorMemory()];
  const lagSeconds: number[] = [];
  const cpuBefore = cluster.coordinatorCpuSeconds();
  const stop = new AbortController();
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      memoryBytes.push(cluster.coordinatorMemory());
      lagSeconds.push(await cluster.metric("muster_event_loop_lag_p99_seconds"));
    }
  })();
  return {
    async stop() {
      stop.abort();
      await loop;
      return { memoryBytes, lagSeconds, cpuSeconds: cluster.coordinatorCpuSeconds() - cpuBefore };
    },
  };
}

/** A multiple-choice task with distinct prompts; text from a digest, so nothing repeats and nothing is random. */
function writeTask(home: string, documents: number): string {
  const folder = join(home, "tasks");
  mkdirSync(folder);
  const rows: string[] = [];
  for (let document = 0; document < documents; document++) {
    const filler = createHash("sha512").update(`document ${document}`).digest("hex").repeat(8);
    const choices = Array.from({ length: CHOICES }, (_, choice) => `answer ${document}-${choice}`);
    rows.push(JSON.stringify({ question: `${document} ${filler}`, choices, answer: document % CHOICES }));
  }
  writeFileSync(join(folder, "documents.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(
    join(folder, "bench_choice.yaml"),
    [
      "task: bench_choice",
      "dataset_path: json",
      "dataset_kwargs:",
      "  data_files:",
      `    test: ${join(folder, "documents.jsonl")}`,
      "test_split: test",
      "output_type: multiple_choice",
      'doc_to_text: "Question: {{question}}\\nAnswer:"',
      "doc_to_choice: choices",
      "doc_to_target: answer",
      "metric_list:",
      "  - metric: acc",
      "  - metric: acc_norm",
      "",
    ].join("\n"),
  );
  return folder;
}
