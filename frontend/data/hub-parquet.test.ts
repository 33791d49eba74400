import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import { FileServer } from "../../test/support/file-server.ts";
import { type HubRepository, publish as publishOn } from "../../test/support/hub-server.ts";
import { harnessPython } from "../../test/support/harness-python.ts";
import { openDatasetLoader } from "./dataset-loader.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const CONVERTED_SHA = "fedcba9876543210fedcba9876543210fedcba98";
const python = harnessPython();
// prettier-ignore
const ROWS = [
  { t: "red ☃", i: 9007199254740993n, f: 1, b: true, l: ["x", null, ""], s: { y: [1.5], x: null }, n: null, ls: [{ k: 1 }, { k: 2 }] },
  { t: null, i: 1n, f: 0.1, b: null, l: [], s: null, n: null, ls: [] },
  { t: "", i: -5n, f: 2, b: false, l: null, s: { y: null, x: "p" }, n: null, ls: null },
  { t: "\ufeffx", i: 0n, f: -0.5, b: true, l: ["q"], s: { y: [], x: "q" }, n: null, ls: [{ k: null }] },
];
const text = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `int:${part}` : part)).replaceAll(
    /"int:(-?\d+)"/g,
    "$1",
  );
const EXPECTED = [
  '{"t": "red \\u2603", "i": 9007199254740993, "f": 1.0, "b": true, "l": ["x", null, ""], "s": {"y": [1.5], "x": null}, "n": null, "ls": [{"k": 1}, {"k": 2}]}',
  '{"t": null, "i": 1, "f": 0.1, "b": null, "l": [], "s": null, "n": null, "ls": []}',
  '{"t": "", "i": -5, "f": 2.0, "b": false, "l": null, "s": {"y": null, "x": "p"}, "n": null, "ls": null}',
  '{"t": "\\ufeffx", "i": 0, "f": -0.5, "b": true, "l": ["q"], "s": {"y": [], "x": "q"}, "n": null, "ls": [{"k": null}]}',
];
const LONG = [1.5, 2.5, 3.5].map((a) => ({ a, b: `${a} ${"x".repeat(50_000)}` }));
const WIDE = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`column ${index}`, "x"]));

/** Tables by name; all are written at once. */
const TABLES: {
  readonly [name: string]: { rows: unknown; compression?: string; types?: { readonly [column: string]: string } };
} = {
  ...Object.fromEntries(
    ["snappy", "zstd", "gzip", "none"].map((compression) => [
      compression,
      { rows: ROWS, compression, types: { f: "double" } },
    ]),
  ),
  zero: { rows: [{ a: 0 }] },
  one: { rows: [{ a: 1 }] },
  two: { rows: [{ a: 1 }, { a: 2 }] },
  three: { rows: [{ a: 3 }] },
  nine: { rows: [{ a: 9 }] },
  days: { rows: [{ day: "2024-01-02" }], types: { day: "date32" } },
  long: { rows: LONG, compression: "none" },
  short: { rows: [{ b: "y", a: 1 }] },
  wide: { rows: [WIDE] },
  narrow: { rows: [{ "column 7": "y" }] },
  more: { rows: [{ a: 2, new: "x" }] },
  odd: { rows: [{ a: "plain", b: "odd: ##" }], compression: "none" },
};

// A real HTTP server with the hub's interface, and files that the most used writer of Parquet wrote.
describe.skipIf(python === null)("Parquet data sets of the hub", () => {
  const made = mkdtempSync(join(tmpdir(), "muster-tables-"));
  let folder: string;
  let hub: FileServer;
  beforeAll(async () => {
    const wishes = Object.entries(TABLES).map(([name, { rows, compression = "snappy", types = {} }]) => ({
      file: join(made, name),
      rows,
      compression,
      types,
    }));
    const script = join(import.meta.dirname, "../../test/support/write_parquet.py");
    execFileSync(python!, [script], { input: text(wishes) });
    hub = await FileServer.start();
  }, 60_000);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-hub-"));
    hub.requests.length = 0;
    vi.stubEnv("HF_ENDPOINT", hub.url);
    vi.stubEnv("HF_TOKEN", "");
    vi.stubEnv("HF_HUB_OFFLINE", "");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  afterAll(async () => {
    rmSync(made, { recursive: true });
    await hub.stop();
  });

  const table = (name: string): Buffer => readFileSync(join(made, name));
  const publish = (name: string, revision: string, sha: string, files: HubRepository["files"]): void =>
    publishOn(hub, { name, revision, sha, files });

  async function load(path: string, name: string | null = null) {
    const loader = await openDatasetLoader({ datasetMap: null, cacheFolder: folder, onProgress: () => undefined });
    return (await loader.load({ path, name, kwargs: null, taskFolder: "" })).splits;
  }

  it.each(["snappy", "zstd", "gzip", "none"])("are rows of Python's values (%s)", async (compression) => {
    publish("org/table", "main", SHA, {
      "data/test-00000-of-00001.parquet": table(compression),
    });
    const { rows } = await (await load("org/table")).get("test")!;
    expect(rows.map((row) => formatPythonJson(row))).toStrictEqual(EXPECTED);
  });

  it("are taken from the converted branch where the repository has other files", async () => {
    publish("org/script", "main", SHA, { "script.py": "pass", "x.csv": "a\n1\n" });
    const bytes = table("two");
    publish("org/script", "refs/convert/parquet", CONVERTED_SHA, {
      "main/train/0000.parquet": table("zero"),
      "main/test/0000.parquet": bytes,
      "main/test/0001.parquet": table("three"),
      "other/test/0000.parquet": table("nine"),
    });
    const splits = await load("org/script", "main");
    expect([...splits.keys()].sort()).toStrictEqual(["test", "train"]);
    const { rows, info } = await splits.get("test")!;
    expect(rows.map((row) => row.get("a"))).toStrictEqual([1, 2, 3]);
    expect(info.rows).toBe(3);
    await expect(load("org/script")).rejects.toMatchObject({
      kind: "notFound",
      wayOut: expect.stringContaining("main, other"),
    });
  });

  it("are refused where a type is not read exactly", async () => {
    publish("org/bytes", "main", SHA, {
      "test.parquet": table("days"),
    });
    await expect((await load("org/bytes")).get("test")).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("day is of the type DATE"),
    });
  });

  it("take the types of the first split, of which the footer alone is fetched, once", async () => {
    const train = table("long");
    publish("org/typed", "main", SHA, { "train.parquet": train, "test.parquet": table("short") });
    const path = `/datasets/org/typed/resolve/${SHA}/train.parquet`;
    for (const endpoint of [hub.url, hub.url, "http://127.0.0.1:9"]) {
      vi.stubEnv("HF_ENDPOINT", endpoint);
      const { rows: read } = await (await load("org/typed")).get("test")!;
      expect(read.map((row) => formatPythonJson(row))).toStrictEqual(['{"a": 1.0, "b": "y"}']);
    }
    expect(hub.requestsOf(path).map(({ headers }) => headers.range)).toStrictEqual([`bytes=${train.length - 65_536}-`]);
    vi.stubEnv("HF_ENDPOINT", hub.url);
    expect((await (await load("org/typed")).get("train")!).info.rows).toBe(3);
    expect((await (await load("org/typed")).get("test")!).info.rows).toBe(1);
  });

  it("have footers of any length", async () => {
    const train = table("wide");
    const footer = train.readUInt32LE(train.length - 8) + 8;
    expect(footer).toBeGreaterThan(65_536);
    publish("org/wide", "main", SHA, { "train.parquet": train, "test.parquet": table("narrow") });
    const [row] = (await (await load("org/wide")).get("test")!).rows;
    expect([row!.size, row!.get("column 7"), row!.get("column 8")]).toStrictEqual([900, "y", null]);
    const ranges = hub
      .requestsOf(`/datasets/org/wide/resolve/${SHA}/train.parquet`)
      .map(({ headers }) => headers.range);
    expect(ranges).toStrictEqual([`bytes=${train.length - 65_536}-`, `bytes=${train.length - footer}-`]);
  });

  it("whose shards differ are refused by file and column", async () => {
    publish("org/shards", "main", SHA, {
      "data/test-00000-of-00002.parquet": table("one"),
      "data/test-00001-of-00002.parquet": table("more"),
    });
    await expect((await load("org/shards")).get("test")).rejects.toMatchObject({
      kind: "badData",
      message: expect.stringMatching(
        /test-00001-of-00002\.parquet has the column new, which the first rows do not have \(data set org\/shards, split test\)/,
      ),
    });
  });

  it("are refused by column where text is not UTF-8", async () => {
    const bytes = Buffer.from(table("odd"));
    for (let at = bytes.indexOf("##"); at !== -1; at = bytes.indexOf("##", at)) bytes.fill(0xff, at, at + 2);
    publish("org/latin", "main", SHA, { "test.parquet": bytes });
    await expect((await load("org/latin")).get("test")).rejects.toMatchObject({
      kind: "badData",
      message: expect.stringMatching(
        /test\.parquet holds bytes in the column b that are not UTF-8 text \(data set org\/latin/,
      ),
    });
  });

  it("are refused wherever they are cut off or garbled", async () => {
    const whole = table("none");
    const garbled = Buffer.from(whole).fill(0xff, 4, 60);
    const cuts = [0, 1, 7, 8, 60, whole.length / 2, whole.length - 9, whole.length - 1].map((length) =>
      whole.subarray(0, length),
    );
    for (const [index, bytes] of [...cuts, garbled, whole.subarray(40)].entries()) {
      const name = `org/cut${index}`;
      publish(name, "main", SHA, { "test.parquet": bytes });
      await expect((await load(name)).get("test"), `cut ${index}`).rejects.toMatchObject({
        kind: "badData",
        message: expect.stringMatching(
          /test\.parquet is no whole Parquet file: .* \(data set org\/cut\d+, split test\)/,
        ),
        wayOut: "Get the file again.",
      });
    }
  });
});
