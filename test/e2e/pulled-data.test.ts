// Data sets carried to a machine without the hub, by the real program: pulled on one side, run on the other, with the
// digests and the scores of a run that asked the hub.
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { RunManifest } from "../../evaluation/manifest.ts";
import { FileServer } from "../support/file-server.ts";
import { publish } from "../support/hub-server.ts";
import { MusterProcesses } from "../support/muster-processes.ts";

vi.setConfig({ testTimeout: 120_000 });

const SHA = "0123456789abcdef0123456789abcdef01234567";
const OLD_SHA = "fedcba9876543210fedcba9876543210fedcba98";
const TRAIN = rows(6, "train");
const TEST = rows(9, "test");
const sums = (split: string): string => `/datasets/org/sums/resolve/${SHA}/${split}.jsonl`;
/** The side with the internet, and the side without. */
const [here, there] = [new MusterProcesses(), new MusterProcesses()];
const tasks = join(here.home, "tasks");
const hubless = { HF_ENDPOINT: "http://127.0.0.1:9", HF_HUB_OFFLINE: "1" };
let hub: FileServer;
let online: { readonly HF_ENDPOINT: string };

function rows(count: number, word: string): string {
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify({ q: `${word} ${index} ☃`, a: index % 3 }));
  return `${lines.join("\n")}\n`;
}

beforeAll(async () => {
  hub = await FileServer.start();
  online = { HF_ENDPOINT: hub.url };
  publish(hub, {
    name: "org/sums",
    sha: SHA,
    files: { "train.jsonl": Buffer.from(TRAIN), "test.jsonl": Buffer.from(TEST), "dev.jsonl": rows(2, "dev") },
  });
  publish(hub, { name: "org/sums", revision: "v0", sha: OLD_SHA, files: { "test.jsonl": rows(2, "old") } });
  // A number that the card makes text of, in another order of columns than the file's.
  const card = "---\ndataset_info:\n  features:\n  - name: a\n    dtype: string\n  - name: q\n    dtype: string\n---\n";
  publish(hub, { name: "org/typed", revision: "v1", sha: SHA, files: { "README.md": card, "test.jsonl": TEST } });
  publish(hub, { name: "org/lines", sha: SHA, files: { "data/test.jsonl": rows(4, "line") } });
  hub.answer("/api/datasets/org/gated/revision/main?blobs=true", (response) => response.writeHead(401).end());
  mkdirSync(tasks);
  const common = { output_type: "generate_until", doc_to_text: "{{q}}", doc_to_target: "{{a}}", num_fewshot: 1 };
  const lines = { data_files: { test: "hf://datasets/org/lines/data/test.jsonl" } };
  const made = {
    sums: { dataset_path: "org/sums", training_split: "train", test_split: "test" },
    lines: { dataset_path: "json", dataset_kwargs: lines, test_split: "test" },
    typed: { dataset_path: "org/typed", dataset_kwargs: { revision: "v1" }, test_split: "test" },
    gated: { dataset_path: "org/gated", test_split: "test" },
  };
  for (const [task, settings] of Object.entries(made)) {
    writeFileSync(join(tasks, `${task}.yaml`), JSON.stringify({ task, tag: "all", ...common, ...settings }));
  }
});

beforeEach(() => {
  for (const { home } of [here, there])
    rmSync(join(home, "cache", "muster", "datasets"), { recursive: true, force: true });
});

afterAll(async () => {
  await hub.stop();
  await here.stop();
  await there.stop();
});

async function evaluate(muster: MusterProcesses, environment: NodeJS.ProcessEnv, words: readonly string[]) {
  const output = join(muster.home, "out");
  rmSync(output, { recursive: true, force: true });
  const asked = ["run", "--tasks", "sums,lines,typed", "--include-path", tasks, "--output", output];
  const ended = await muster.run(
    [...asked, "--engine", "hash", "--model", "hash", "--yes", "--no-cache", ...words],
    environment,
  );
  expect(ended.stderr).not.toContain("error");
  expect(ended.code).toBe(0);
  return JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as RunManifest;
}

test("what tasks need runs on a machine without the hub, with the same digests and scores", async () => {
  const folder = join(here.home, "carry");
  const words = ["data", "pull", "--tasks", "sums,lines,typed", "--include-path", tasks, "--to", folder, "--json"];
  const pull = await here.run(words, online);
  expect(pull).toMatchObject({ code: 0 });
  const told = JSON.parse(pull.stdout) as Record<string, unknown>;
  expect(told).toMatchObject({
    folder,
    map: join(folder, "map.json"),
    failed: [],
    datasets: [
      {
        dataset: "org/sums",
        splits: [
          { split: "train", bytes: Buffer.byteLength(TRAIN), sha256: digest(TRAIN) },
          { split: "test", bytes: Buffer.byteLength(TEST), sha256: digest(TEST) },
        ],
      },
      { dataset: 'json {"data_files": {"test": "hf://datasets/org/lines/data/test.jsonl"}}' },
      { dataset: 'org/typed {"revision": "v1"}' },
    ],
  });
  // The split that no task names is not fetched.
  expect(hub.requestsOf(sums("dev"))).toEqual([]);
  const carried = join(there.home, "carried");
  cpSync(folder, carried, { recursive: true });
  const map = ["--dataset-map", join(carried, "map.json")];
  const [straight, away] = [await evaluate(here, online, []), await evaluate(there, hubless, map)];
  expect(straight.datasets.map(({ source }) => source)).toContain(`${hub.url}${sums("test")}`);
  expect(away.datasets).toEqual(straight.datasets);
  expect(away.planDigest).toBe(straight.planDigest);
  expect(away.scoresDigest).toBe(straight.scoresDigest);
  const listed = JSON.parse(await here.output(["data", "list", "--json"])) as unknown[];
  const common = { dataset: "org/sums", revision: "main", commit: SHA, files: 1, allFiles: 1, intact: true };
  expect(listed).toEqual([
    expect.objectContaining({ dataset: "org/lines", split: "test", sha256: digest(rows(4, "line")) }),
    { ...common, split: "train", bytes: Buffer.byteLength(TRAIN), sha256: digest(TRAIN) },
    { ...common, split: "test", bytes: Buffer.byteLength(TEST), sha256: digest(TEST) },
    {
      ...common,
      dataset: "org/typed",
      revision: "v1",
      split: "test",
      bytes: Buffer.byteLength(TEST),
      sha256: digest(TEST),
    },
  ]);
  const shown = await there.output(["tasks", "show", "typed", "--include-path", tasks, "--json", ...map]);
  expect(JSON.parse(shown)).toMatchObject({ doc: { a: "0", q: "test 0 ☃" } });
  // Where the hub cannot be reached, the cache stands in, and that is said.
  const lost = await here.run(["tasks", "show", "sums", "--include-path", tasks], {
    HF_ENDPOINT: "http://127.0.0.1:9",
  });
  expect(lost).toMatchObject({ code: 0, stdout: expect.stringContaining("test 0") });
  expect(lost.stderr).toMatch(
    /note: The hub at \S+ cannot be used .*org\/sums is the one in the cache, at the commit 0123/,
  );
  // A file that changed on the way is not used.
  appendFileSync(join(carried, "org__sums", SHA, "test.jsonl"), " ");
  const spoilt = await there.run(["tasks", "show", "sums", "--include-path", tasks, ...map], hubless);
  expect(spoilt.code).toBe(2);
  expect(spoilt.stderr).toMatch(/org__sums.*test\.jsonl is not the one that the dataset map means: it has the digest/);
});

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

test("data sets are pulled by name and revision, and a second pull adds to the first", async () => {
  const folder = join(here.home, "named");
  const text = await here.run(["data", "pull", "org/sums", "--revision", "v0", "--to", folder], online);
  expect(text.code).toBe(0);
  expect(text.stdout).toContain(digest(rows(2, "old")).slice(0, 12));
  expect(text.stderr).toContain(`--dataset-map ${join(folder, "map.json")}`);
  const local = join(here.home, "own.jsonl");
  writeFileSync(local, rows(1, "own"));
  const map = join(here.home, "own.json");
  writeFileSync(map, JSON.stringify({ "org/own:big": { test: "own.jsonl" } }));
  expect(await here.run(["data", "pull", "org/own:big", "--to", folder, "--dataset-map", map])).toMatchObject({
    code: 0,
  });
  const written = JSON.parse(readFileSync(join(folder, "map.json"), "utf8")) as object;
  const sha256 = digest(rows(2, "old"));
  const source = `${hub.url}/datasets/org/sums/resolve/${OLD_SHA}/test.jsonl`;
  const own = digest(rows(1, "own"));
  expect(written).toEqual({
    "org/sums": { test: [{ file: `org__sums/${OLD_SHA}/test.jsonl`, sha256, source }] },
    "org/own:big": { test: [{ file: `local/${own.slice(0, 16)}/own.jsonl`, sha256: own, source: local }] },
  });
});

test("a data set that the hub does not give is named; the others are there", async () => {
  const folder = join(here.home, "partly");
  const words = ["data", "pull", "--tasks", "all", "--include-path", tasks, "--to", folder, "--json"];
  const { code, stdout, stderr } = await here.run(words, online);
  expect(code).toBe(5);
  expect(stderr).toMatch(/1 of 4 data sets could not be pulled \(org\/gated\); the first: the hub does not show/);
  expect(JSON.parse(stdout)).toMatchObject({ failed: [{ dataset: "org/gated", kind: "permission" }] });
  expect(Object.keys(JSON.parse(readFileSync(join(folder, "map.json"), "utf8")) as object)).toHaveLength(3);
});

test("a pull that is interrupted keeps what has come, and goes on there", async () => {
  const folder = join(here.home, "cut");
  const words = ["data", "pull", "org/sums", "--to", folder];
  const half = Math.floor(Buffer.byteLength(TEST) / 2);
  const { child, ended } = here.begin(words, online);
  const asked = Promise.withResolvers<void>();
  hub.answer(sums("test"), (response) => {
    response.writeHead(200, { "content-length": Buffer.byteLength(TEST) });
    response.write(Buffer.from(TEST).subarray(0, half), () => asked.resolve());
  });
  await asked.promise;
  const partial = join(here.home, "cache", "muster", "datasets", "org__sums", SHA, "test.jsonl.partial");
  await vi.waitUntil(() => existsSync(partial) && statSync(partial).size === half, { timeout: 20_000 });
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130 });
  expect(existsSync(join(folder, "org__sums", SHA, "train.jsonl"))).toBe(true);
  hub.answer(sums("test"), null);
  hub.requests.length = 0;
  expect(await here.run(words, online)).toMatchObject({ code: 0 });
  expect(hub.requestsOf(sums("train"))).toEqual([]);
  expect(hub.requestsOf(sums("test")).map(({ headers }) => headers.range)).toEqual([`bytes=${half}-`]);
  expect(readFileSync(join(folder, "org__sums", SHA, "test.jsonl"), "utf8")).toBe(TEST);
});

test("a pull without the hub says so, and that nothing is here", async () => {
  const { code, stderr } = await here.run(["data", "pull", "org/sums", "org/lines"], {
    HF_ENDPOINT: "http://127.0.0.1:9",
  });
  expect(code).toBe(3);
  expect(stderr).toMatch(/the data set org\/sums is not here, and the hub at http:\/\/127\.0\.0\.1:9 cannot be used/);
  expect(await here.run(["data", "list"])).toMatchObject({ code: 0, stdout: "" });
});

test("tasks that are Python code are named, and the data of the others is pulled", async () => {
  const own = join(here.home, "code");
  mkdirSync(own);
  writeFileSync(join(own, "code.yaml"), "task: code\nclass: !function code.Code\n");
  writeFileSync(join(own, "made.yaml"), "task: made\ncustom_dataset: !function code.make\ntest_split: test\n");
  const words = (names: string): string[] => [
    "data",
    "pull",
    "--include-path",
    tasks,
    "--include-path",
    own,
    "--tasks",
    names,
  ];
  const some = await here.run([...words("code,made,sums"), "--to", join(here.home, "some")], online);
  expect(some.stderr).toMatch(/note: The task code is a Python class.* What it loads is not pulled\./);
  expect(some.stderr).toMatch(/note: Python code makes the documents of made: what it loads is not pulled\./);
  expect(some).toMatchObject({ code: 0, stdout: expect.stringContaining("org/sums") });
  const none = await here.run(words("made"), online);
  expect(none).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("of none of the tasks it is known what data they need"),
  });
});

test.each([
  [["org/sums", "--tasks", "sums"], /named by words, or by --tasks/],
  [["--tasks", "sums", "--include-path", tasks, "--revision", "v0"], /--revision is one of a data set/],
  [["a b"], /"a b" names no data set/],
  [[], /nothing says what to run/],
])("pull %j is refused", async (words, message) => {
  const { code, stderr } = await here.run(["data", "pull", ...words]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
