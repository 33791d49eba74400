import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FileServer } from "../../../test/support/file-server.ts";
import { usePipIndex } from "../../../test/support/pip-index.ts";
import { writeWheel } from "../../../test/support/write-zip.ts";
import { CATALOGUE } from "./catalogue.ts";
import { listModels, resolveModel } from "./resolve-model.ts";

const [MODEL] = CATALOGUE;
const GGUF = Buffer.from("GGUF weights");
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("resolveModel", () => {
  let folder: string;
  let index: FileServer;
  beforeAll(async () => {
    index = await FileServer.start();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-model-"));
    usePipIndex(index.url);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => index.stop());

  const resolve = (name: string): ReturnType<typeof resolveModel> =>
    resolveModel(name, { cacheFolder: folder, onProgress: () => undefined, signal: new AbortController().signal });

  function cached(bytes: Buffer): string {
    const file = join(folder, "models", MODEL!.sha256.slice(0, 16), MODEL!.wheel.member.split("/").at(-1)!);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    return file;
  }

  it("a file is named by what it is called and by its digest, which is computed again when the file changes", async () => {
    const file = join(folder, "my-model.gguf");
    const writeAt = (content: Buffer | string, seconds: number): void => {
      writeFileSync(file, content);
      utimesSync(file, seconds, seconds);
    };
    writeAt(GGUF, 1_000);
    expect(await resolve(file)).toStrictEqual({ name: "my-model", file, sha256: sha256(GGUF) });
    // The same size and time: remembered, for weights are large. Another time: looked at.
    writeAt("GGUF changed", 1_000);
    expect((await resolve(file)).sha256).toBe(sha256(GGUF));
    writeAt("GGUF changed", 2_000);
    expect((await resolve(file)).sha256).toBe(sha256(Buffer.from("GGUF changed")));
  });

  it("a name that is near one of the catalogue is asked about", async () => {
    await expect(resolve("smolm2-135m")).rejects.toMatchObject({
      kind: "notFound",
      message: "there is no model smolm2-135m",
      wayOut: expect.stringContaining("Do you mean smollm2-135m?"),
    });
  });

  it("a file that is not there, a folder, and a file that is no GGUF are refused", async () => {
    await expect(resolve(join(folder, "none.gguf"))).rejects.toMatchObject({ kind: "notFound" });
    await expect(resolve(`${folder}/`)).rejects.toMatchObject({
      kind: "notFound",
      message: expect.stringContaining("folder"),
    });
    writeFileSync(join(folder, "page.gguf"), "<html>");
    await expect(resolve(join(folder, "page.gguf"))).rejects.toMatchObject({ kind: "badData" });
  });

  it("a wheel that is not the pinned one is refused, and nothing of it is kept", async () => {
    const { wheel } = MODEL!;
    index.putWheel(wheel.name, wheel.version, writeWheel(wheel.name, wheel.version, { [wheel.member]: GGUF }));
    await expect(resolve(MODEL!.name)).rejects.toMatchObject({
      kind: "badData",
      message: expect.stringContaining("digest"),
    });
    expect(existsSync(join(folder, "models"))).toBe(false);
    expect((await listModels(folder)).find(({ name }) => name === MODEL!.name)?.isHere).toBe(false);
  });

  it("weights with a wrong digest are removed and never used", async () => {
    const file = cached(GGUF);
    expect((await listModels(folder)).find(({ name }) => name === MODEL!.name)?.isHere).toBe(true);
    await expect(resolve(MODEL!.name)).rejects.toMatchObject({
      kind: "badData",
      message: expect.stringContaining("digest"),
    });
    expect(existsSync(file)).toBe(false);
  });
});
