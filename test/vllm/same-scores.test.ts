// One real vLLM server, asked by Muster and by the reference harness itself: the same scores and the same responses.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveModel } from "../../agent/adapters/models/resolve-model.ts";
import { harnessPython, testCacheFolder } from "../support/harness-python.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import { type ModelServer, startLlamaServer, startVllm } from "./model-servers.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const CACHE = join(testCacheFolder(), "cache");
const LIMIT = 4;
/** Long answers would show nothing more and take minutes on a busy machine. */
const MOST_TOKENS = "max_gen_toks=24";
/** One scored and one generated each; the benchmarks' own data is not in the repository. */
const TASKS = ["quickstart_facts", "quickstart_copying", ...(sharedFolder === null ? [] : ["commonsense_qa", "gsm8k"])];

const muster = new MusterProcesses();
const servers: ModelServer[] = [];
const mapFile = join(muster.home, "dataset-map.json");

beforeAll(async () => {
  writeDatasetMap();
  if (sharedFolder !== null) await runMuster(["tasks", "install", "lm-eval@0.4.13"]);
});
afterAll(async () => {
  await muster.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

async function serve(starting: Promise<ModelServer>): Promise<string> {
  const server = await starting;
  servers.push(server);
  return server.url;
}

/** The quickstart's map and the benchmarks' in one, with whole paths. */
function writeDatasetMap(): void {
  const maps = [join(ROOT, "quickstart", "dataset-map.json")];
  if (sharedFolder !== null) maps.push(join(sharedFolder, "parity", "dataset-map.json"));
  const entries = maps.flatMap((file) => {
    const map = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, string>>;
    return Object.entries(map).map(([dataset, splits]) => {
      const whole = Object.entries(splits).map(([split, data]) => [split, resolve(dirname(file), data)] as const);
      return [dataset, Object.fromEntries(whole)] as const;
    });
  });
  writeFileSync(mapFile, JSON.stringify(Object.fromEntries(entries)));
}

async function runMuster(words: readonly string[]): Promise<void> {
  const { code, stderr } = await muster.run(words, { XDG_CACHE_HOME: CACHE });
  if (code !== 0) throw new Error(`muster ${words.join(" ")} ended with ${code}:\n${stderr}`);
}

function evaluation(url: string, tasks: string, output: string): string[] {
  const settings = `--limit ${LIMIT} --gen-kwargs ${MOST_TOKENS} --yes --json --no-cache`.split(" ");
  const data = ["--include-path", join(ROOT, "quickstart", "tasks"), "--dataset-map", mapFile];
  return ["run", "--engine-url", url, "--tasks", tasks, ...settings, ...data, "--output", output];
}

async function runHarness(url: string, output: string): Promise<void> {
  const program = join(import.meta.dirname, "harness-with-local-data.py");
  const model = `model=smollm2-135m,base_url=${url}/v1/completions`;
  const words = [program, mapFile, "--model", "local-completions", "--model_args", model, "--tasks", TASKS.join(",")];
  const settings = `--limit ${LIMIT} --gen_kwargs ${MOST_TOKENS} --include_path quickstart/tasks --log_samples`;
  const options = { cwd: ROOT, maxBuffer: 1 << 26 };
  await promisify(execFile)(harnessPython()!, [...words, ...settings.split(" "), "--output_path", output], options);
}

interface Sample {
  readonly doc_id: number;
  readonly filter: string;
  readonly [field: string]: unknown;
}

/** All that must be equal: metrics of each task, and of each sample what was asked, answered and scored. */
function read(folder: string): object {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const named = (start: string): string =>
    join(
      folder,
      files.find((file) => file.split("/").at(-1)!.startsWith(start))!,
    );
  const { results } = JSON.parse(readFileSync(named("results_"), "utf8")) as { results: object };
  const samples = TASKS.map((task) => {
    const lines = readFileSync(named(`samples_${task}_`), "utf8")
      .trimEnd()
      .split("\n");
    return lines.map((line) => {
      const { doc_id, filter, resps, filtered_resps, prompt_hash, doc_hash, ...fields } = JSON.parse(line) as Sample;
      const metrics = (fields["metrics"] as string[]).map((metric) => [metric, fields[metric]]);
      return { doc_id, filter, resps, filtered_resps, prompt_hash, doc_hash, metrics };
    });
  });
  return { results, samples };
}

async function timed(name: string, work: Promise<void>): Promise<void> {
  const startMs = performance.now();
  await work;
  console.log(`${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s for ${TASKS.length} × ${LIMIT} samples`);
}

test.skipIf(harnessPython() === null)("Muster and the harness get the same from one server", async () => {
  const url = await serve(startVllm());
  const [ours, theirs] = [join(muster.home, "muster"), join(muster.home, "harness")];
  mkdirSync(theirs);
  await timed("Muster", runMuster(evaluation(url, TASKS.join(","), ours)));
  await timed("the harness", runHarness(url, theirs));
  expect(read(ours)).toEqual(read(theirs));
  // The quicker way of scoring was compared, not the plain one.
  expect(readFileSync(join(ours, "manifest.json"), "utf8")).toContain("one-token choices in one request");
});

test("a server that cannot score is refused for a task that scores, before the run starts", async () => {
  const options = {
    cacheFolder: join(CACHE, "muster"),
    onProgress: () => undefined,
    signal: new AbortController().signal,
  };
  const url = await serve(startLlamaServer((await resolveModel("smollm2-135m", options)).file));
  const output = join(muster.home, "refused");
  const { code, stderr } = await muster.run(evaluation(url, "quickstart_facts", output), { XDG_CACHE_HOME: CACHE });
  expect(stderr).toContain(url);
  expect(stderr).toContain("loglikelihood");
  expect(code).not.toBe(0);
  expect(() => readdirSync(output)).toThrow("ENOENT");
  await runMuster(evaluation(url, "quickstart_copying", join(muster.home, "generated")));
});
