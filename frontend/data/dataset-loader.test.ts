import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import { openDatasetLoader } from "./dataset-loader.ts";
import type { SplitReader } from "./read-split.ts";

describe("data sets on this machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-map-"));
    // No test here may ask the hub.
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  function write(path: string, content: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }

  async function load(
    map: unknown,
    path = "org/data",
    name: string | null = null,
    kwargs: object | null = null,
  ): Promise<SplitReader> {
    write("maps/map.json", typeof map === "string" ? map : JSON.stringify(map));
    const datasetMap = map === null ? null : join(folder, "maps/map.json");
    const loader = await openDatasetLoader({
      datasetMap,
      cacheFolder: join(folder, "cache"),
      onProgress: () => undefined,
    });
    const given = kwargs === null ? null : (parsePythonJson(JSON.stringify(kwargs)) as PythonDict);
    return (await loader.load({ path, name, kwargs: given, taskFolder: join(folder, "tasks") })).splits;
  }

  async function problem(promise: Promise<unknown>): Promise<{ kind: string; message: string; wayOut: string }> {
    try {
      await promise;
    } catch (error) {
      const { kind, message, wayOut } = error as { kind: string; message: string; wayOut: string };
      return { kind, message, wayOut };
    }
    throw new Error("nothing was refused");
  }

  it("are found by path and name, then by path; files lie beside the map", async () => {
    write("data/one.jsonl", '{"a": 1}\n');
    write("data/two.jsonl", '{"a": 2}\n{"a": 3}\n');
    const map = {
      "org/data:big": { test: "../data/two.jsonl" },
      "org/data": { test: ["../data/one.jsonl", "../data/two.jsonl"] },
    };
    const big = await (await load(map, "org/data", "big")).get("test")!;
    expect(big.rows.map((row) => row.get("a"))).toStrictEqual([2, 3]);
    expect(big.info).toStrictEqual({
      dataset: "org/data:big",
      split: "test",
      source: join(folder, "data/two.jsonl"),
      sha256: createHash("sha256").update('{"a": 2}\n{"a": 3}\n').digest("hex"),
      rows: 2,
    });
    const other = await (await load(map, "org/data", "small")).get("test")!;
    expect(other.rows.map((row) => row.get("a"))).toStrictEqual([1, 2, 3]);
    expect(other.info.sha256).toBe(createHash("sha256").update('{"a": 1}\n{"a": 2}\n{"a": 3}\n').digest("hex"));
  });

  it("are read split by split, each once, and only those that are used", async () => {
    write("data/a.jsonl", '{"a": 1}\n');
    const splits = await load({ "org/data": { test: "../data/a.jsonl", broken: "../data/none.jsonl" } });
    expect([...splits.keys()]).toStrictEqual(["test", "broken"]);
    const first = await splits.get("test")!;
    rmSync(join(folder, "data/a.jsonl"));
    expect(await splits.get("test")!).toBe(first);
    expect(splits.get("validation")).toBeUndefined();
  });

  it("a missing file is named", async () => {
    const { kind, message, wayOut } = await problem((await load({ "org/data": { test: "none.jsonl" } })).get("test")!);
    expect(kind).toBe("badData");
    expect(wayOut).toContain("dataset map");
    expect(message).toBe(
      `the data file ${join(folder, "maps/none.jsonl")} cannot be read: it is not there (data set org/data, split test)`,
    );
  });

  it.each([
    ["a torn last line", '{"a": 1}\n{"a": 2}\n{"a', /t\.jsonl, line 3: it is cut off, or not JSON/],
    ["a bad line", '{"a": 1}\nrow two\n{"a": 2}\n', /t\.jsonl, line 2: it is not JSON/],
    ["a row that is a list", '{"a": 1}\n[1]\n', /t\.jsonl, line 2: a row must be a JSON object/],
    ["one object over several lines", '{\n "a": 1\n}\n', /t\.jsonl is one object over several lines/],
    ["a torn list", '[{"a": 1}, {"a"', /t\.jsonl is cut off, or not JSON/],
    ["a list that mixes", '[{"a": 1}, 5]', /element 1 of its list is not an object/],
  ])("%s is named by file and line", async (_, content, message) => {
    write("data/t.jsonl", content);
    const refused = await problem((await load({ "org/data": { test: "../data/t.jsonl" } })).get("test")!);
    expect(refused).toMatchObject({ kind: "badData", message: expect.stringMatching(message) });
    expect(refused.wayOut).toMatch(/\S/);
  });

  it.each([
    ["JSON Lines", "t.jsonl", '{"a": "x"}\n{"a": "gr\u00fcn"}\n', 2],
    ["a list", "t.json", '[{"a": "x"},\n\n{"a": "gr\u00fcn"}]', 3],
    ["CSV", "t.csv", "a\nx\n\u00fc\n", 3],
  ] as const)("%s that is not UTF-8 is named by file and line", async (_, file, text, line) => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", file), Buffer.from(text, "latin1"));
    const { kind, message } = await problem((await load({ "org/data": { test: `../data/${file}` } })).get("test")!);
    expect(kind).toBe("badData");
    expect(message).toBe(
      `${join(folder, "data", file)}, line ${line}: this is not UTF-8 text (data set org/data, split test)`,
    );
    writeFileSync(join(folder, "data", file), Buffer.from(`\ufeff${text}`, "utf16le"));
    const wide = await problem((await load({ "org/data": { test: `../data/${file}` } })).get("test")!);
    expect(wide).toMatchObject({
      message: expect.stringMatching(/ is UTF-16 text/),
      wayOut: "Convert the file to UTF-8.",
    });
  });

  it("files of a map may be pinned by digest, and keep the name of where they came from", async () => {
    write("data/a.jsonl", '{"a": 1}\n');
    const sha256 = createHash("sha256").update('{"a": 1}\n').digest("hex");
    const source = "https://hub.example/datasets/org/data/resolve/0123/a.jsonl";
    const map = { "org/data": { test: [{ file: "../data/a.jsonl", sha256, source }] } };
    const { info } = await (await load(`\ufeff${JSON.stringify(map)}`)).get("test")!;
    expect(info).toMatchObject({ source, sha256 });
    write("data/a.jsonl", '{"a": 2}\n');
    expect(await problem((await load(map)).get("test")!)).toMatchObject({
      kind: "badData",
      message: expect.stringMatching(
        /a\.jsonl is not the one that the dataset map means: it has the digest .*org\/data, split test/,
      ),
      wayOut: expect.stringContaining("muster data pull"),
    });
    expect(await problem(load({ "org/data": { test: { file: "x.jsonl", sha256: "short" } } }))).toMatchObject({
      kind: "usage",
      message: expect.stringMatching(/map\.json: org\/data/),
    });
  });

  it("what a task chooses among a data set's files has a name of its own in a map", async () => {
    write("data/a.jsonl", '{"a": 1}\n');
    write("data/b.jsonl", '{"a": 2}\n');
    const map = {
      'org/data:big {"data_dir": "x", "revision": "v1"}': { test: "../data/b.jsonl" },
      "org/data:big": { test: "../data/a.jsonl" },
    };
    const valueOf = async (kwargs: object | null) =>
      (await (await load(map, "org/data", "big", kwargs)).get("test")!).rows[0]!.get("a");
    expect(await valueOf({ revision: "v1", data_dir: "x", trust_remote_code: true })).toBe(2);
    expect(await valueOf({ revision: "v2" })).toBe(1);
    expect(await valueOf(null)).toBe(1);
  });

  it("an empty file is an empty split", async () => {
    write("data/t.jsonl", "\n");
    expect((await (await load({ "org/data": { test: "../data/t.jsonl" } })).get("test")!).rows).toStrictEqual([]);
  });

  it.each([
    ["that is no JSON", "{", "usage", /dataset map .*map\.json/],
    ["of another shape", { "org/data": "file.jsonl" }, "usage", /map\.json: org\/data/],
    [
      "with a file of no known format",
      { "org/data": { test: "x.docx" } },
      "unsupported",
      /x\.docx, which is of no known format/,
    ],
    ["with mixed formats", { "org/data": { test: "x.csv", train: "x.jsonl" } }, "unsupported", /several formats/],
  ] as const)("a map %s is refused", async (_, map, kind, message) => {
    expect(await problem(load(map))).toMatchObject({ kind, message: expect.stringMatching(message) });
  });

  it("a map that is not there is refused", async () => {
    const options = { datasetMap: join(folder, "none.json"), cacheFolder: folder, onProgress: () => undefined };
    expect(await problem(openDatasetLoader(options))).toMatchObject({
      kind: "usage",
      message: expect.stringContaining("none.json"),
    });
  });

  it("a data set that neither the map nor the hub has is named with what is near", async () => {
    const { kind, message, wayOut } = await problem(load({ "org/dato": { test: "x.jsonl" } }));
    expect(kind).toBe("connection");
    expect(message).toMatch(/org\/data is not here.*the dataset map .*map\.json does not name it/);
    expect(wayOut).toMatch(/^Add org\/data to the map\. It has org\/dato\./);
  });

  it("CSV files of a map keep the layout that the task gives, and nothing else of it", async () => {
    write("data/t.csv", "1;x\n");
    const kwargs = { data_files: { test: "elsewhere.csv" }, column_names: ["n", "t"], sep: ";" };
    const { rows } = await (await load({ csv: { test: "../data/t.csv" } }, "csv", null, kwargs)).get("test")!;
    expect(rows.map((row) => [...row])).toStrictEqual([
      [
        ["n", 1],
        ["t", "x"],
      ],
    ]);
  });

  it("files beside the task are found where the working directory has none", async () => {
    write("tasks/mine.jsonl", '{"a": 1}\n');
    const splits = await load(null, "json", null, { data_files: { test: "mine.jsonl" } });
    expect((await splits.get("test")!).info.source).toBe(join(folder, "tasks/mine.jsonl"));
  });

  it.each([
    ["json", {}, "badData", /dataset_path json needs dataset_kwargs: data_files/],
    ["json", { data_files: { test: "a.jsonl" }, field: "data" }, "unsupported", /sets field in dataset_kwargs/],
    ["csv", { data_files: { test: "a.csv" }, skiprows: 2 }, "unsupported", /sets skiprows in dataset_kwargs/],
    ["json", { data_files: { test: "https://example.org/a.jsonl" } }, "unsupported", /does not fetch single files/],
    ["json", { data_files: { test: "none-*.jsonl" } }, "badData", /no data file is called none-\*\.jsonl/],
    ["json", { data_files: { test: 5 } }, "badData", /data_files must be a path/],
    ["./no such folder", null, "notFound", /is no folder here/],
  ] as const)("%s with %j is refused", async (path, kwargs, kind, message) => {
    expect(await problem(load(null, path, null, kwargs))).toMatchObject({
      kind,
      message: expect.stringMatching(message),
    });
  });
});
