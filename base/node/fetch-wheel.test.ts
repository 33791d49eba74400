import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FileServer } from "../../test/support/file-server.ts";
import { usePipIndex } from "../../test/support/pip-index.ts";
import { writeWheel } from "../../test/support/write-zip.ts";
import { fetchWheel, type Wheel } from "./fetch-wheel.ts";

const WHEEL = writeWheel("made-up", "1.5", { "made_up/data.txt": Buffer.alloc(200_000, "data ") });
const FILE = "/files/made_up-1.5-py3-none-any.whl";

// pip itself runs here, against a package index on this machine.
describe("fetchWheel", () => {
  let folder: string;
  let index: FileServer;
  beforeAll(async () => {
    index = await FileServer.start();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-wheel-"));
    index.putWheel("made-up", "1.5", WHEEL);
    index.answer(FILE, null);
    index.requests.length = 0;
    usePipIndex(index.url);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => index.stop());

  const fetch = (wheel: Partial<Wheel> = {}, signal = new AbortController().signal): Promise<string> =>
    fetchWheel(
      { name: "made-up", version: "1.5", sha256: null, ...wheel },
      { cacheFolder: folder, onProgress: () => undefined, signal },
      { find: () => null, unpack: ({ file }) => readFileSync(file).toString("hex") },
    );

  const leftovers = (): string[] => readdirSync(join(folder, "downloads")).filter((name) => name !== "lock.sqlite");

  it("hands over the wheel that pip's index has, and removes it", async () => {
    expect(await fetch()).toBe(WHEEL.toString("hex"));
    expect(leftovers()).toStrictEqual([]);
  });

  it("refuses a wheel that is not the pinned one, and keeps nothing of it", async () => {
    await expect(fetch({ sha256: "0".repeat(64) })).rejects.toMatchObject({ kind: "badData" });
    expect(leftovers()).toStrictEqual([]);
  });

  it("takes wheels from folders that pip looks into", async () => {
    const links = join(folder, "links");
    mkdirSync(links);
    writeFileSync(join(links, "made_up-1.5-py3-none-any.whl"), WHEEL);
    vi.stubEnv("PIP_NO_INDEX", "1");
    vi.stubEnv("PIP_FIND_LINKS", links);
    expect(await fetch()).toBe(WHEEL.toString("hex"));
    expect(existsSync(join(links, "made_up-1.5-py3-none-any.whl"))).toBe(true);
  });

  it("leaves the download to pip where only pip can log in", async () => {
    const login = `Basic ${Buffer.from("user:secret").toString("base64")}`;
    index.answer(FILE, (response, { headers }) => {
      if (headers.authorization === login) response.writeHead(200, { "content-length": WHEEL.length }).end(WHEEL);
      else response.writeHead(401, { "www-authenticate": "Basic" }).end();
    });
    vi.stubEnv("PIP_INDEX_URL", `${index.url.replace("//", "//user:secret@")}/simple`);
    expect(await fetch()).toBe(WHEEL.toString("hex"));
    expect(leftovers()).toStrictEqual([]);
  });

  it("names the versions that there are", async () => {
    const error: unknown = await fetch({ version: "9.9" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "notFound", message: expect.stringMatching(/made-up 9\.9.*versions: 1\.5/) });
  });

  it("says that the index cannot be reached", async () => {
    vi.stubEnv("PIP_RETRIES", "1");
    vi.stubEnv("PIP_INDEX_URL", "http://127.0.0.1:9/simple");
    await expect(fetch()).rejects.toMatchObject({
      kind: "connection",
      wayOut: expect.stringContaining("pip config list"),
    });
  });

  it.each([
    ["is missing", null, /cannot run .*none/],
    ["is too old", "echo 3 9", /is Python 3\.9, too old/],
    ["has no pip", "echo 3 12; echo no pip", /has no pip/],
  ])("says what to install where Python %s", async (_, script, message) => {
    const python = join(folder, script === null ? "none" : "python");
    if (script !== null) {
      writeFileSync(python, `#!/bin/sh\n${script}\n`);
      chmodSync(python, 0o755);
    }
    vi.stubEnv("MUSTER_PYTHON", python);
    await expect(fetch()).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringMatching(message),
      wayOut: expect.stringContaining("MUSTER_PYTHON"),
    });
  });

  it("stops while it waits for another process's download", async () => {
    const stop = new AbortController();
    let enter = (): void => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    index.answer(FILE, () => enter());
    const leave = new AbortController();
    const first = fetch({}, leave.signal);
    first.catch(() => undefined);
    await entered;
    const second = fetch({}, stop.signal);
    stop.abort();
    await expect(second).rejects.toMatchObject({ kind: "interrupted" });
    leave.abort();
    await expect(first).rejects.toMatchObject({ kind: "interrupted" });
  });

  it("two processes at once fetch a wheel once, and both have it", async () => {
    const script = join(import.meta.dirname, "../../test/support/fetch-wheel-process.ts");
    const words = ["--disable-warning=ExperimentalWarning", script, folder, "made-up", "1.5", "made_up/data.txt"];
    const both = await Promise.all([1, 2].map(() => promisify(execFile)(process.execPath, words)));
    expect(both.map(({ stdout }) => stdout).sort()).toStrictEqual(["found", "unpacked"]);
    expect(
      index.requestsOf(FILE).filter(({ headers }) => headers["user-agent"]?.startsWith("pip") !== true),
    ).toHaveLength(1);
    expect(readFileSync(join(folder, "unpacked")).equals(Buffer.alloc(200_000, "data "))).toBe(true);
  });
});
