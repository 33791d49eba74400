import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { LineReader } from "./line-reader.ts";

/** Bytes in parts that cut characters and lines anywhere. */
function inParts(text: string, size: number): Readable {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, part) => bytes.subarray(part * size, (part + 1) * size)),
    { objectMode: false },
  );
}

async function allOf(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of new LineReader(stream).rest()) lines.push(line);
  return lines;
}

test.each([1, 3, 7, 1000])("only a line feed ends a line, in parts of %i bytes", async (size) => {
  const lines = ["a\u2028b\u2029c", "", "\r", "日本\u{1f600}\u0085", "x".repeat(50)];
  const read = await allOf(inParts(`${lines.join("\n")}\n`, size));
  expect(read).toEqual(lines);
});

test("a last line without its end counts, and more lines than may wait arrive all", async () => {
  const lines = Array.from({ length: 5_000 }, (_, number) => `line ${number}`);
  expect(await allOf(inParts(lines.join("\n"), 4_096))).toEqual(lines);
});

test("the end is noticed while nobody asks for lines, and what broke the stream is thrown", async () => {
  const ended = Promise.withResolvers<void>();
  const reader = new LineReader(inParts("one\n", 2), ended.resolve);
  await ended.promise;
  expect([await reader.next(), await reader.next()]).toEqual(["one", null]);
  const broken = new Readable({ read: () => undefined });
  const failing = new LineReader(broken);
  broken.destroy(new Error("it broke"));
  await expect(failing.next()).rejects.toThrow("it broke");
});
