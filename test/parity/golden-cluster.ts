// The whole product on the hash engine: a coordinator, agents over gRPC, `muster run`, and what its files then say.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testCacheFolder } from "../support/harness-python.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import {
  chatTemplateOf,
  GOLDEN_ITERATIONS,
  type GoldenFile,
  type GoldenRun,
  type GoldenSample,
  includePathsOf,
  readSampleLine,
  type RunReport,
} from "./golden-runs.ts";
import { readPythonJson } from "./read-python-json.ts";

/** More agents than this share four processes. */
const OWN_PROCESSES_MAX = 8;
const SHARED_PROCESSES = 4;

/** Kept between runs: the harness's task definitions. */
const CACHE = { XDG_CACHE_HOME: join(testCacheFolder(), "cache") };

/** A coordinator and agents with a fresh data folder, all processes of this machine. */
export class GoldenCluster {
  readonly #muster = new MusterProcesses();
  /** Requests that each agent has executed, by its id. */
  readonly executed = new Map<string, number>();

  /** Starts them; resolves when every agent is welcome. */
  static async start(agents: number): Promise<GoldenCluster> {
    const cluster = new GoldenCluster();
    try {
      await cluster.#start(Array.from({ length: agents }, (_, position) => `agent-${position + 1}`));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async #start(names: readonly string[]): Promise<void> {
    await this.#muster.startCoordinator(["--log-level", "error"]);
    if (names.length > OWN_PROCESSES_MAX) {
      const shares = Array.from({ length: SHARED_PROCESSES }, (_, share) =>
        names.filter((_name, position) => position % SHARED_PROCESSES === share),
      );
      await Promise.all(shares.map((share) => this.#muster.startAgentsTogether(share)));
    } else {
      const words = ["--engine", "hash", "--model", "hash", "--log-level", "error"];
      await Promise.all(names.map((name) => this.#muster.startAgent(name, words)));
    }
    const agents = JSON.parse(await this.#command([...this.#at("agents"), "--json"])) as { agentId: string }[];
    for (const { agentId } of agents) this.executed.set(agentId, 0);
    if (this.executed.size !== names.length) throw new Error(`${this.executed.size} of ${names.length} agents came`);
  }

  /** Runs what a golden file was made of. Throws what `muster run` says where it does not end well. */
  async run({ name, golden }: GoldenFile, datasetMap: string): Promise<RunReport> {
    const { tasks, limit, num_fewshot: numFewshot } = golden.settings;
    const output = join(this.#muster.home, "results", name);
    const includePaths = includePathsOf(golden, datasetMap);
    if (includePaths.length === 0) await this.#command(["tasks", "install", "lm-eval@0.4.13"]);
    const text = await this.#command([
      ...[
        ...this.#at("run"),
        "--tasks",
        tasks.join(","),
        "--model",
        "hash",
        "--yes",
        "--json",
        "--no-cache",
        "--bridge",
        "never",
      ],
      ...["--dataset-map", datasetMap, "--output", output, "--bootstrap-iterations", String(GOLDEN_ITERATIONS)],
      ...includePaths.flatMap((path) => ["--include-path", path]),
      ...(limit === null ? [] : ["--limit", String(limit)]),
      ...(numFewshot === null ? [] : ["--num-fewshot", String(numFewshot)]),
      ...chatWords(golden, datasetMap),
    ]);
    const { run } = JSON.parse(text) as { run: { agents: { agentId: string; requestsDone: string }[] } };
    for (const { agentId, requestsDone } of run.agents) {
      this.executed.set(agentId, (this.executed.get(agentId) ?? 0) + Number(requestsDone));
    }
    return readRunReport(output);
  }

  stop(): Promise<void> {
    return this.#muster.stop();
  }

  #at(command: string): string[] {
    return [command, "--coordinator", this.#muster.grpcAddress];
  }

  async #command(words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#muster.run(words, CACHE);
    if (code === 0) return stdout;
    throw new Error(`muster ${words[0]} ended with ${code}: ${stderr.trim()}`);
  }
}

function chatWords(golden: GoldenRun, datasetMap: string): readonly string[] {
  const template = chatTemplateOf(golden, datasetMap);
  const { system_instruction: instruction, fewshot_as_multiturn: isMultiturn } = golden.settings;
  return [
    ...(template === null ? [] : ["--apply-chat-template", template]),
    ...(instruction === undefined ? [] : ["--system-instruction", instruction]),
    ...(isMultiturn === undefined ? [] : ["--fewshot-as-multiturn", isMultiturn ? "yes" : "no"]),
  ];
}

/** What a run's output folder says. */
function readRunReport(folder: string): RunReport {
  const names = readdirSync(folder);
  const results = names.find((name) => name.startsWith("results_"));
  if (results === undefined) throw new Error(`${folder} holds no results`);
  const samples: Record<string, readonly GoldenSample[]> = {};
  for (const name of names) {
    const task = /^samples_(.*)_\d{4}-[^_]*\.jsonl$/.exec(name)?.[1];
    if (task === undefined) continue;
    const lines = readFileSync(join(folder, name), "utf8").trimEnd().split("\n");
    samples[task] = lines.map(readSampleLine);
  }
  return { ...(readPythonJson(readFileSync(join(folder, results), "utf8")) as Omit<RunReport, "samples">), samples };
}
