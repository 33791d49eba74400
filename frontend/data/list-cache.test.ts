import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { PythonValue } from "../../evaluation/harness/python/value.ts";
import { FileServer } from "../../test/support/file-server.ts";
import { publish } from "../../test/support/hub-server.ts";
import { openDatasetLoader } from "./dataset-loader.ts";
import { listCachedDatasets } from "./list-cache.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const CARD =
  "---\nconfigs:\n- config_name: one\n  data_files:\n  - split: test\n    path: [a.jsonl, b.jsonl]\n  - split: train\n    path: c.jsonl\n" +
  "- config_name: two\n  data_files: d.jsonl\n---\n";
const FILES = {
  "README.md": CARD,
  "a.jsonl": '{"a": 1}\n',
  "b.jsonl": '{"a": 2}\n',
  "c.jsonl": '{"a": 3}\n',
  "d.jsonl": '{"a": 4}\n',
};

describe("the list of data sets in the cache", () => {
  let hub: FileServer;
  let folder: string;
  beforeAll(async () => {
    hub = await FileServer.start();
    publish(hub, { name: "org/cards", sha: SHA, files: FILES });
    publish(hub, { name: "plain", revision: "v/1", sha: SHA, files: { "test.jsonl": "{}\n", "x.csv": "a\n1\n" } });
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-list-"));
    vi.stubEnv("HF_ENDPOINT", hub.url);
    vi.stubEnv("HF_HUB_OFFLINE", "");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => hub.stop());

  async function read(path: string, name: string | null, split: string, kwargs: [PythonValue, PythonValue][] = []) {
    const loader = await openDatasetLoader({ datasetMap: null, cacheFolder: folder, onProgress: () => undefined });
    const dataset = await loader.load({ path, name, kwargs: new Map(kwargs), taskFolder: "" });
    return (await dataset.splits.get(split)!).info;
  }

  it("is empty where there is none", () => {
    expect(listCachedDatasets(folder)).toStrictEqual([]);
  });

  it("has each split of each configuration with the digest that a manifest has, also where it is not whole", async () => {
    const { sha256 } = await read("org/cards", "one", "test");
    const common = { revision: "main", commit: SHA, intact: true };
    const test = { ...common, dataset: "org/cards:one", split: "test", files: 2, allFiles: 2, bytes: 18, sha256 };
    expect(listCachedDatasets(folder)).toStrictEqual([test]);
    rmSync(join(folder, "datasets/org__cards", SHA, "b.jsonl"));
    expect(listCachedDatasets(folder)).toStrictEqual([{ ...test, files: 1, bytes: 9, sha256: null }]);
    writeFileSync(join(folder, "datasets/org__cards", SHA, "b.jsonl"), "spoilt");
    expect(listCachedDatasets(folder)).toMatchObject([{ intact: false }]);
  });

  it("has the revision as it was asked for, and files that no split has", async () => {
    await read("plain", null, "train", [
      ["revision", "v/1"],
      ["data_files", "x.csv"],
    ]);
    const common = { dataset: "plain", revision: "v/1", commit: SHA, files: 1, allFiles: 1, intact: true };
    expect(listCachedDatasets(folder)).toStrictEqual([{ ...common, split: null, bytes: 4, sha256: null }]);
  });

  it("has the files of a card that is no YAML", async () => {
    await read("org/cards", "two", "train");
    writeFileSync(join(folder, "datasets/org__cards", SHA, "README.md"), "---\nconfigs: [\n---\n");
    const [row] = listCachedDatasets(folder);
    expect(row).toMatchObject({ dataset: "org/cards", split: null, files: 1, bytes: 9 });
  });
});
