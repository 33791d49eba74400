import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import type { PythonValue } from "../../evaluation/harness/python/value.ts";
import { FileServer } from "../../test/support/file-server.ts";
import { type HubRepository, listingPath, publish as publishOn } from "../../test/support/hub-server.ts";
import { openDatasetLoader } from "./dataset-loader.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const CONVERTED_SHA = "fedcba9876543210fedcba9876543210fedcba98";

// A real HTTP server with the hub's interface; nothing here asks the hub itself.
describe("data sets of the hub", () => {
  let folder: string;
  let hub: FileServer;
  let notes: string[];
  let seen: { readonly subject: string; readonly doneBytes: number; readonly totalBytes: number }[];
  beforeAll(async () => {
    hub = await FileServer.start();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-hub-"));
    seen = [];
    notes = [];
    hub.requests.length = 0;
    vi.stubEnv("HF_ENDPOINT", `${hub.url}/`);
    vi.stubEnv("HF_TOKEN", "");
    vi.stubEnv("HF_HUB_OFFLINE", "");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => hub.stop());

  function publish(name: string, revision: string, sha: string, files: HubRepository["files"]): void {
    publishOn(hub, { name, revision, sha, files });
  }

  async function load(path: string, name: string | null = null, kwargs: Record<string, PythonValue> | null = null) {
    const loader = await openDatasetLoader({
      datasetMap: null,
      cacheFolder: folder,
      onProgress: (progress) => seen.push(progress),
      onNote: (note) => notes.push(note),
    });
    const given = kwargs === null ? null : new Map<PythonValue, PythonValue>(Object.entries(kwargs));
    return (await loader.load({ path, name, kwargs: given, taskFolder: "" })).splits;
  }

  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("are taken at one commit, and of it only the splits that are used", async () => {
    publish("org/lines", "main", SHA, {
      "train.jsonl": '{"a": 0.5}\n',
      "test.jsonl": '{"a": 1}\n',
      "README.md": "Hello",
    });
    const splits = await load("org/lines");
    expect([...splits.keys()]).toStrictEqual(["train", "test"]);
    const fetched = (): string[] => hub.requests.map(({ path }) => path).filter((path) => path.endsWith(".jsonl"));
    expect(fetched()).toStrictEqual([]);
    const { rows, info } = await splits.get("train")!;
    expect(rows.map((row) => formatPythonJson(row))).toStrictEqual(['{"a": 0.5}']);
    expect(fetched()).toStrictEqual([`/datasets/org/lines/resolve/${SHA}/train.jsonl`]);
    expect(info).toStrictEqual({
      dataset: "org/lines",
      split: "train",
      source: `${hub.url}/datasets/org/lines/resolve/${SHA}/train.jsonl`,
      sha256: createHash("sha256").update('{"a": 0.5}\n').digest("hex"),
      rows: 1,
    });
    expect(seen.at(-1)).toStrictEqual({ subject: "org/lines train.jsonl", doneBytes: 11, totalBytes: 11 });
    expect((await splits.get("test")!).rows.map((row) => formatPythonJson(row))).toStrictEqual(['{"a": 1.0}']);
  });

  it("are read from the cache when they are there, also without the hub", async () => {
    publish("org/cached", "main", SHA, { "test.jsonl": '{"a": 1}\n' });
    await (await load("org/cached")).get("test");
    hub.requests.length = 0;
    await (await load("org/cached")).get("test");
    expect(hub.requests.filter(({ path }) => path.includes("/resolve/"))).toStrictEqual([]);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await (await load("org/cached")).get("test")!).info.rows).toBe(1);
    expect(notes).toStrictEqual([]);
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect((await (await load("org/cached")).get("test")!).info.rows).toBe(1);
    expect(new Set(notes).size).toBe(1);
    expect(notes[0]).toMatch(
      /^The hub at http:\/\/127\.0\.0\.1:9 cannot be used \(.+\): the data set org\/cached is the one in the cache, at the commit 0123456789ab\.$/,
    );
  });

  it("are not asked for where HF_HUB_OFFLINE is set, also of a data set that is partly here", async () => {
    publish("org/part", "main", SHA, { "train.jsonl": '{"a": 1}\n', "test.jsonl": '{"a": 2}\n' });
    await (await load("org/part")).get("train");
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    hub.requests.length = 0;
    expect(await failure((await load("org/part")).get("test")!)).toMatchObject({
      kind: "connection",
      message: "the cache has not got org/part test.jsonl, and HF_HUB_OFFLINE keeps from asking the hub",
      wayOut: expect.stringContaining("muster data pull"),
    });
    expect(hub.requests).toStrictEqual([]);
  });

  it("are those of the folder that a task names, whatever the hub has converted", async () => {
    publish("org/folders", "main", SHA, { "x/test.jsonl": '{"a": 1}\n', "y/test.jsonl": '{"a": 2}\n' });
    const converted = { "default/test/0000.parquet": Buffer.from("PAR1") };
    publish("org/folders", "refs/convert/parquet", CONVERTED_SHA, converted);
    const { rows } = await (await load("org/folders", null, { data_dir: "y" })).get("test")!;
    expect(rows.map((row) => row.get("a"))).toStrictEqual([2]);
  });

  it("are found where they have moved to, without a word of the token to others", async () => {
    const other = await FileServer.start();
    publishOn(other, { name: "new/name", sha: SHA, files: { "test.jsonl": '{"a": 1}\n' } });
    const sendTo = (place: string) => (response: ServerResponse) => response.writeHead(307, { location: place }).end();
    hub.answer(listingPath("moved"), sendTo(`${other.url}/api/datasets/new/name/revision/main`));
    hub.answer(
      `/datasets/moved/resolve/${SHA}/test.jsonl`,
      sendTo(`${other.url}/datasets/new/name/resolve/${SHA}/test.jsonl`),
    );
    vi.stubEnv("HF_TOKEN", "hf_secret");
    expect((await (await load("moved")).get("test")!).info.rows).toBe(1);
    expect(hub.requests.every(({ headers }) => headers.authorization === "Bearer hf_secret")).toBe(true);
    expect(other.requests.map(({ headers }) => headers.authorization)).toStrictEqual([undefined, undefined]);
    await other.stop();
  });

  it("may be named file by file", async () => {
    publish("org/files", "main", SHA, { "data/a.jsonl": '{"a": 1}\n', "data/b.jsonl": '{"a": 2}\n', "c.jsonl": "{}" });
    publish("org/files", "v1.0", CONVERTED_SHA, { "c.jsonl": '{"a": 3}\n' });
    const files = new Map<PythonValue, PythonValue>([
      ["train", "hf://datasets/org/files/data/*.jsonl"],
      ["test", "hf://datasets/org/files@v1.0/c.jsonl"],
    ]);
    const splits = await load("json", null, { data_files: files });
    expect((await splits.get("train")!).rows.map((row) => row.get("a"))).toStrictEqual([1, 2]);
    const { rows, info } = await splits.get("test")!;
    expect(rows.map((row) => row.get("a"))).toStrictEqual([3]);
    expect(info.source).toBe(`${hub.url}/datasets/org/files/resolve/${CONVERTED_SHA}/c.jsonl`);
    const missing = load("json", null, { data_files: "hf://datasets/org/files/none.jsonl" });
    expect(await failure(missing)).toMatchObject({ kind: "badData", message: expect.stringContaining("none.jsonl") });
    const odd = load("json", null, { data_files: "hf://spaces/x.jsonl" });
    expect(await failure(odd)).toMatchObject({ kind: "badData", wayOut: expect.stringContaining("hf://datasets/") });
  });

  it("whose revision has vanished are named with it and with what is known of it, and go on offline", async () => {
    publish("org/gone", "v1", SHA, { "test.jsonl": '{"a": 1}\n' });
    await (await load("org/gone", null, { revision: "v1" })).get("test");
    hub.answer(listingPath("org/gone", "v1"), (response) => response.writeHead(404).end());
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await failure(load("org/gone", null, { revision: "v1" }))).toMatchObject({
        kind: "notFound",
        message: `the hub at ${hub.url} no longer has the data set org/gone at the revision v1; it was the commit ${SHA}`,
        wayOut: expect.stringMatching(/HF_HUB_OFFLINE=1.*--dataset-map/),
      });
    }
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await (await load("org/gone", null, { revision: "v1" })).get("test")!).info.rows).toBe(1);
  });

  it.each([
    [404, "notFound", /no longer has test\.jsonl of the data set org\/behind at the revision main \(commit 0123/],
    [401, "permission", /gives test\.jsonl of the data set org\/behind, not without a login/],
    [403, "permission", /gives test\.jsonl of the data set org\/behind, not without a login/],
  ] as const)("whose list is open but whose files answer %i are explained", async (status, kind, message) => {
    publish("org/behind", "main", SHA, { "test.jsonl": '{"a": 1}\n' });
    const file = `/datasets/org/behind/resolve/${SHA}/test.jsonl`;
    hub.answer(file, (response) => response.writeHead(status).end());
    expect(await failure((await load("org/behind")).get("test")!)).toMatchObject({
      kind,
      message: expect.stringMatching(message),
      wayOut: expect.stringContaining("--dataset-map"),
    });
    hub.answer(file, null);
  });

  it("are thrown away when the cache is not what the hub said", async () => {
    publish("org/torn", "main", SHA, { "test.jsonl": '{"a": 1}\n' });
    await (await load("org/torn")).get("test");
    const file = join(folder, "datasets/org__torn", SHA, "test.jsonl");
    writeFileSync(file, '{"a": 2}\n');
    await expect((await load("org/torn")).get("test")).rejects.toMatchObject({ kind: "badData" });
    expect(existsSync(file)).toBe(false);
    expect((await (await load("org/torn")).get("test")!).info.rows).toBe(1);
  });

  it("go on where they were cut off", async () => {
    const text = Array.from({ length: 3_000 }, (_, index) => `{"a": ${index}, "b": "${"x".repeat(100)}"}`).join("\n");
    publish("org/cut", "main", SHA, { "test.jsonl": text });
    hub.cut(`/datasets/org/cut/resolve/${SHA}/test.jsonl`, 200_000);
    expect((await (await load("org/cut")).get("test")!).info.rows).toBe(3_000);
    const [, again] = hub.requestsOf(`/datasets/org/cut/resolve/${SHA}/test.jsonl`);
    expect(again?.headers.range).toMatch(/^bytes=\d+-$/);
  });

  it("are asked for with the token, at the revision that the task names", async () => {
    publish("org/pinned", "v1.0", SHA, { "test.jsonl": '{"a": 1}\n' });
    vi.stubEnv("HF_TOKEN", "hf_secret");
    await (await load("org/pinned", null, { revision: "v1.0" })).get("test");
    expect(hub.requests).toHaveLength(2);
    for (const { headers } of hub.requests) expect(headers.authorization).toBe("Bearer hf_secret");
    const error = await failure(load("org/pinned", null, { revision: "v2" }));
    expect(error).toMatchObject({
      kind: "notFound",
      message: expect.stringContaining("org/pinned at the revision v2"),
    });
  });

  it.each([
    [401, "permission", /not without a login/],
    [403, "permission", /not without a login/],
    [404, "notFound", /has no data set org\/refused/],
    [500, "connection", /it answered 500/],
  ] as const)("say what status %i means, and the way out", async (status, kind, message) => {
    hub.answer("/api/datasets/org/refused/revision/main?blobs=true", (response) => response.writeHead(status).end());
    const error = await failure(load("org/refused"));
    expect(error).toMatchObject({
      kind,
      message: expect.stringMatching(message),
      wayOut: expect.stringContaining("--dataset-map"),
    });
  });

  it("say that the hub cannot be reached, or is none", async () => {
    hub.answer("/api/datasets/org/page/revision/main?blobs=true", (response) => response.end("<html>"));
    expect(await failure(load("org/page"))).toMatchObject({
      kind: "connection",
      message: expect.stringContaining("something else"),
    });
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect(await failure(load("org/away"))).toMatchObject({
      kind: "connection",
      message: expect.stringMatching(/org\/away is not here, and the hub at http:\/\/127\.0\.0\.1:9 cannot be used/),
    });
  });

  it("name the configurations that there are", async () => {
    const card =
      "---\nconfigs:\n- config_name: one\n  data_files: one.jsonl\n- config_name: two\n  data_files: two.jsonl\n---\n";
    publish("org/configs", "main", SHA, { "README.md": card, "one.jsonl": '{"a": 1}\n', "two.jsonl": '{"a": 2}\n' });
    hub.put("/api/datasets/org/configs/revision/refs%2Fconvert%2Fparquet?blobs=true", {
      sha: CONVERTED_SHA,
      siblings: [],
    });
    const { rows } = await (await load("org/configs", "two")).get("train")!;
    expect(rows.map((row) => formatPythonJson(row))).toStrictEqual(['{"a": 2}']);
    const error = await failure(load("org/configs", "three"));
    expect(error).toMatchObject({ kind: "notFound", wayOut: expect.stringContaining("one, two") });
  });

  it("with a broken card are refused", async () => {
    publish("org/card", "main", SHA, { "README.md": "---\nconfigs: [\n---\n", "test.jsonl": "{}" });
    const error = await failure(load("org/card"));
    expect(error).toMatchObject({ kind: "badData", message: expect.stringContaining("README.md) is no YAML") });
  });

  it("keep files within the cache, whatever they are called", async () => {
    publish("org/sly", "main", SHA, { "../../test.jsonl": '{"a": 1}\n', "test.jsonl": '{"a": 2}\n' });
    const { info } = await (await load("org/sly")).get("test")!;
    expect(info.source).toBe(`${hub.url}/datasets/org/sly/resolve/${SHA}/test.jsonl`);
  });

  it("are refused where the hub has nothing that can be read", async () => {
    publish("org/code", "main", SHA, { "code.py": "print()" });
    expect(await failure(load("org/code"))).toMatchObject({ kind: "unsupported" });
  });
});
