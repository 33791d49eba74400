import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FileServer } from "../test/support/file-server.ts";
import { usePipIndex } from "../test/support/pip-index.ts";
import { writeWheel } from "../test/support/write-zip.ts";
import { installTasks } from "./install-tasks.ts";

const TASKS = {
  "lm_eval/tasks/made/made.yaml": "include: _base\ntask: made\n",
  "lm_eval/tasks/made/_base": "dataset_path: org/made\n",
  "lm_eval/tasks/made/helper.py": "def f(): pass\n",
};

describe("installTasks", () => {
  let folder: string;
  let index: FileServer;
  beforeAll(async () => {
    index = await FileServer.start();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-tasks-"));
    usePipIndex(index.url);
    index.requests.length = 0;
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => index.stop());

  const install = (spec = "lm-eval@0.4.13"): Promise<string> =>
    installTasks(spec, { cacheFolder: folder, onProgress: () => undefined, signal: new AbortController().signal });

  it("unpacks the wheel's tasks alone, says of which wheel they are, and does so once", async () => {
    index.putWheel("lm-eval", "0.4.13", writeWheel("lm-eval", "0.4.13", { ...TASKS, "lm_eval/evaluator.py": "" }));
    const installed = await install();
    expect(installed).toBe(join(folder, "tasks", "lm-eval-0.4.13"));
    expect(readdirSync(join(installed, "lm_eval"))).toStrictEqual(["tasks"]);
    for (const [path, text] of Object.entries(TASKS)) expect(readFileSync(join(installed, path), "utf8")).toBe(text);
    expect(JSON.parse(readFileSync(join(installed, "wheel.json"), "utf8"))).toStrictEqual({
      name: "lm-eval",
      version: "0.4.13",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    index.requests.length = 0;
    expect(await install()).toBe(installed);
    expect(index.requests).toStrictEqual([]);
  });

  it("a wheel that is damaged leaves nothing behind", async () => {
    const wheel = writeWheel("lm-eval", "0.4.13", { ...TASKS, "lm_eval/tasks/last": Buffer.from("the last bytes") });
    wheel[wheel.indexOf("the last bytes")]! ^= 1;
    index.putWheel("lm-eval", "0.4.13", wheel);
    await expect(install()).rejects.toMatchObject({
      kind: "badData",
      message: expect.stringContaining("lm_eval/tasks/last"),
    });
    expect(readdirSync(join(folder, "tasks"))).toStrictEqual([]);
  });

  it("another version's tasks lie beside those of the profile", async () => {
    index.putWheel("lm-eval", "0.4.12", writeWheel("lm-eval", "0.4.12", TASKS));
    const installed = await install("lm-eval@0.4.12");
    expect(installed).toBe(join(folder, "tasks", "lm-eval-0.4.12"));
    expect(JSON.parse(readFileSync(join(installed, "wheel.json"), "utf8"))).toMatchObject({ version: "0.4.12" });
  });

  it.each(["lm-eval", "other@1.0", "lm-eval@", "lm-eval@../../x"])(
    "%s is refused with what can be installed",
    async (spec) => {
      await expect(install(spec)).rejects.toMatchObject({
        kind: "usage",
        wayOut: "muster tasks install lm-eval@0.4.13",
      });
    },
  );
});
