import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FileServer } from "../../test/support/file-server.ts";
import { fetchFile, type FetchWish } from "./fetch-file.ts";

const content = randomBytes(300_000);
const sha256 = createHash("sha256").update(content).digest("hex");

describe("fetchFile", () => {
  const folder = mkdtempSync(join(tmpdir(), "muster-fetch-"));
  let server: FileServer;
  let target: string;
  let number = 0;
  beforeAll(async () => {
    server = await FileServer.start();
  });
  beforeEach(() => {
    target = join(folder, `below/file-${number++}`);
    server.put("/file", content);
    server.requests.length = 0;
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const fetch = (wish: Partial<FetchWish> = {}): Promise<string> =>
    fetchFile({
      subject: "the file",
      url: `${server.url}/file`,
      target,
      sha256,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...wish,
    });

  it("puts the file in its place and says how far it is", async () => {
    const seen: { doneBytes: number; totalBytes: number }[] = [];
    expect(await fetch({ onProgress: (progress) => seen.push(progress) })).toBe(sha256);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(seen.at(-1)).toStrictEqual({ subject: "the file", doneBytes: 300_000, totalBytes: 300_000 });
    expect(existsSync(`${target}.partial`)).toBe(false);
  });

  it("goes on where it was cut off, as often as something arrives", async () => {
    server.cut("/file", 100_000, 50_000, 10, 1_000, 20_000, 60_000);
    await fetch();
    expect(readFileSync(target).equals(content)).toBe(true);
    const ranges = server.requests.map(({ headers }) => headers.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.length).toBeGreaterThanOrEqual(7);
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d+-$/);
  }, 60_000);

  it("keeps what came together with the break", async () => {
    // The bytes and the end lie ready before the client looks.
    const cutBusily = (response: ServerResponse, request: IncomingMessage): void => {
      const from = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      response.writeHead(206, { "content-length": content.length - from });
      response.write(content.subarray(from, from + 30_000), () => response.destroy());
      for (const end = performance.now() + 20; performance.now() < end;);
    };
    server.answer("/file", cutBusily);
    await fetch();
    server.answer("/file", null);
    expect(server.requests).toHaveLength(10);
    expect(readFileSync(target).equals(content)).toBe(true);
  }, 60_000);

  it("goes on where an earlier process stopped", async () => {
    const stop = new AbortController();
    server.answer("/file", (response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 100_000));
    });
    const stopped = fetch({ signal: stop.signal });
    stopped.catch(() => undefined);
    await vi.waitFor(() => expect(statSync(`${target}.partial`).size).toBe(100_000), { timeout: 60_000 });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ kind: "interrupted" });
    expect(existsSync(target)).toBe(false);
    server.answer("/file", null);
    server.requests.length = 0;
    await fetch();
    expect(server.requests.map(({ headers }) => headers.range)).toStrictEqual(["bytes=100000-"]);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it("begins anew where what it had was of another file", async () => {
    writeFileSync(join(folder, "old.partial"), randomBytes(1_000));
    expect(await fetch({ target: join(folder, "old") })).toBe(sha256);
    writeFileSync(join(folder, "longer.partial"), randomBytes(400_000));
    expect(await fetch({ target: join(folder, "longer") })).toBe(sha256);
  });

  it("takes a whole answer where the server knows no ranges", async () => {
    writeFileSync(join(folder, "rangeless.partial"), content.subarray(0, 7));
    server.answer("/whole", (response) => response.end(content));
    expect(await fetch({ target: join(folder, "rangeless"), url: `${server.url}/whole` })).toBe(sha256);
  });

  it("throws away a file with a wrong digest", async () => {
    server.put("/file", Buffer.from("something else"));
    await expect(fetch()).rejects.toMatchObject({ kind: "badData", message: expect.stringContaining("the digest") });
    expect(existsSync(target) || existsSync(`${target}.partial`)).toBe(false);
  });

  it("asks for no more than the disk has room for", async () => {
    server.answer("/huge", (response) => {
      response.writeHead(200, { "content-length": 1e15 });
      response.write("x");
    });
    const error: unknown = await fetch({ url: `${server.url}/huge` }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: "noSpace",
      message: expect.stringMatching(/needs 1000000000 MB in .* MB left/),
    });
    expect(existsSync(target)).toBe(false);
  });

  it.each([
    [401, "permission"],
    [403, "permission"],
    [404, "notFound"],
    [400, "badData"],
  ] as const)("says what status %i means at once", async (status, kind) => {
    server.answer("/refused", (response) => response.writeHead(status).end());
    await expect(fetch({ url: `${server.url}/refused` })).rejects.toMatchObject({ kind });
    expect(server.requests).toHaveLength(1);
  });

  it("tries again what may pass", async () => {
    let answers = 0;
    server.answer("/flaky", (response) => {
      answers += 1;
      if (answers < 3) response.writeHead(503).end();
      else response.end(content);
    });
    expect(await fetch({ url: `${server.url}/flaky` })).toBe(sha256);
    expect(answers).toBe(3);
  });

  it("names the host that does not answer", async () => {
    const gone = await FileServer.start();
    const { url } = gone;
    await gone.stop();
    const error: unknown = await fetch({ url: `${url}/file` }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "connection", message: expect.stringContaining(new URL(url).host) });
  }, 60_000);

  it("keeps a login from hosts that it is sent to", async () => {
    const other = await FileServer.start();
    other.put("/elsewhere", content);
    server.answer("/moved", (response) => response.writeHead(302, { location: `${other.url}/elsewhere` }).end());
    await fetch({ url: `${server.url}/moved`, headers: { authorization: "Bearer secret" } });
    await other.stop();
    expect(server.requests[0]!.headers.authorization).toBe("Bearer secret");
    expect(other.requests[0]!.headers.authorization).toBeUndefined();
  });

  it("copies files of this machine", async () => {
    writeFileSync(join(folder, "local"), content);
    expect(await fetch({ url: pathToFileURL(join(folder, "local")).href })).toBe(sha256);
  });
});
