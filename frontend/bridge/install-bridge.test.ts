import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { FileServer } from "../../test/support/file-server.ts";
import { usePipIndex } from "../../test/support/pip-index.ts";
import { writeWheel } from "../../test/support/write-zip.ts";
import { bridgeEnvironment, digestBridgeSources, pythonOf, readBridgeNote } from "./bridge-folder.ts";
import { installBridge } from "./install-bridge.ts";

// Python's venv and pip run here, against a package index on this machine whose harness is three files.
const HARNESS = {
  "lm_eval/__init__.py": "",
  "lm_eval/api/registry.py":
    "class Registry(dict):\n    def register(self, name, target):\n        self[name] = target\nmodel_registry = Registry()\n",
  "lm_eval/models/__init__.py":
    "from lm_eval.api.registry import model_registry\nmodel_registry.register('hf', 'x:Y')\n",
};

const cacheFolder = mkdtempSync(join(tmpdir(), "muster-bridge-install-"));
const folder = bridgeEnvironment(cacheFolder);
let index: FileServer;

beforeAll(async () => {
  index = await FileServer.start();
});
beforeEach(() => usePipIndex(index.url));
afterAll(async () => {
  vi.unstubAllEnvs();
  await index.stop();
  rmSync(cacheFolder, { recursive: true });
});

function install(extras: readonly string[] = []): Promise<string> {
  const signal = new AbortController().signal;
  return installBridge({ cacheFolder, extras, command: ["node", "muster.cjs"], signal, onProgress: () => undefined });
}

function python(program: string): string {
  return execFileSync(pythonOf(folder), ["-c", program], { encoding: "utf8" }).trim();
}

test("a harness that the index does not have is named, and nothing counts as installed", async () => {
  await expect(install()).rejects.toMatchObject({ kind: "notFound", message: expect.stringContaining("lm_eval") });
  expect(readBridgeNote(folder)).toBeNull();
});

test("the harness knows the model by itself afterwards, and the note says how Muster starts", async () => {
  index.putWheel("lm-eval", "0.4.13", writeWheel("lm_eval", "0.4.13", HARNESS));
  expect(await install()).toBe(folder);
  const program = "import lm_eval.models; print(dict(lm_eval.api.registry.model_registry))";
  expect(python(program)).toBe("{'hf': 'x:Y', 'muster': 'muster_bridge.model:MusterLM'}");
  expect(readBridgeNote(folder)).toEqual({
    harness: "lm_eval==0.4.13",
    package: digestBridgeSources(),
    command: ["node", "muster.cjs"],
  });
});

test("another time brings the package up to date, adds what tasks need, and fetches no harness", async () => {
  const site = python("import sysconfig; print(sysconfig.get_path('purelib'))");
  const file = join(site, "muster_bridge", "errors.py");
  const source = readFileSync(file, "utf8");
  writeFileSync(file, "old");
  index.putWheel("made-up", "1.5", writeWheel("made-up", "1.5", { "made_up.py": "" }));
  index.requests.length = 0;
  await install(["made-up"]);
  expect(readFileSync(file, "utf8")).toBe(source);
  expect(python("import made_up; print('there')")).toBe("there");
  expect(index.requests.filter((request) => JSON.stringify(request).includes("lm"))).toEqual([]);
});

test("without a Python the sentence says which is meant", async () => {
  rmSync(folder, { recursive: true });
  vi.stubEnv("MUSTER_PYTHON", "/no/such/python");
  await expect(install()).rejects.toMatchObject({
    kind: "unsupported",
    message: expect.stringContaining("cannot run /no/such/python"),
  });
});
