import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { SqliteSpool } from "./sqlite-spool.ts";

const folders: string[] = [];
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "muster-spool-"));
  folders.push(folder);
  return folder;
}
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const bytesOf = (batchNumber: number): Uint8Array => new Uint8Array(1_000).fill(batchNumber % 251);
const batches = (...numbers: number[]): { batchNumber: number; bytes: Uint8Array }[] =>
  numbers.map((batchNumber) => ({ batchNumber, bytes: bytesOf(batchNumber) }));

/** Writes a program that has a spool in `folder`, and goes on with `body`. */
function makeProgram(folder: string, body: string): string {
  const program = join(folder, "program.mts");
  const adapter = JSON.stringify(join(import.meta.dirname, "sqlite-spool.ts"));
  writeFileSync(
    program,
    `import { SqliteSpool } from ${adapter};\nconst spool = new SqliteSpool(${JSON.stringify(folder)});\n${body}\n`,
  );
  return program;
}

test("batches are read back byte for byte, also by the next process", () => {
  const folder = makeFolder();
  const first = new SqliteSpool(folder);
  first.put(batches(1, 2, 3));
  first.close();
  const second = new SqliteSpool(folder);
  expect(second.numbers()).toEqual([1, 2, 3]);
  expect(second.get(2)).toEqual(bytesOf(2));
  second.close();
});

test("a number is never given out twice, also when its batch was removed before a restart", () => {
  const folder = makeFolder();
  const first = new SqliteSpool(folder);
  expect(first.nextNumber()).toBe(1);
  first.put(batches(1, 2));
  first.remove([1, 2]);
  first.close();
  const second = new SqliteSpool(folder);
  expect(second.numbers()).toEqual([]);
  expect(second.nextNumber()).toBeGreaterThan(2);
  expect(() => second.get(2)).toThrow(/batch 2 is not in .*spool\.sqlite/);
  second.close();
});

test("what put returned for survives kill -9 of the writer", async () => {
  const folder = makeFolder();
  const body = `for (let batchNumber = 1; ; batchNumber++) {
    spool.put([{ batchNumber, bytes: new Uint8Array(1_000).fill(batchNumber % 251) }]);
    console.log(batchNumber);
  }`;
  const child = spawn(process.execPath, [makeProgram(folder, body)], { stdio: ["ignore", "pipe", "inherit"] });
  let told = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(line);
    if (told === 30) child.kill("SIGKILL");
  }
  const spool = new SqliteSpool(folder);
  const numbers = spool.numbers();
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(told);
  for (const batchNumber of numbers) expect(spool.get(batchNumber)).toEqual(bytesOf(batchNumber));
  spool.close();
});

test("a torn tail is cut: the batches before it are there, and no number is given out again", () => {
  const folder = makeFolder();
  // The killed writer leaves its log behind; cutting it is what a power cut in the middle of a write looks like.
  const body = `for (let batchNumber = 1; batchNumber <= 20; batchNumber++) {
    spool.put([{ batchNumber, bytes: new Uint8Array(1_000).fill(batchNumber % 251) }]);
  }
  process.kill(process.pid, "SIGKILL");`;
  expect(spawnSync(process.execPath, [makeProgram(folder, body)]).signal).toBe("SIGKILL");
  const log = join(folder, "spool.sqlite-wal");
  truncateSync(log, Math.floor(readFileSync(log).length / 2) + 7);
  const spool = new SqliteSpool(folder);
  const numbers = spool.numbers();
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers.length).toBeLessThan(20);
  for (const batchNumber of numbers) expect(spool.get(batchNumber)).toEqual(bytesOf(batchNumber));
  // Also those of the batches that were cut off.
  expect(spool.nextNumber()).toBeGreaterThan(20);
  spool.put(batches(spool.nextNumber()));
  spool.close();
});

test("a disk that takes no more is said to be full; nothing of the put is kept, what was there before is", () => {
  const folder = makeFolder();
  const body = `let kept = 0;
  try {
    for (let batchNumber = 1; ; batchNumber++) {
      spool.put([{ batchNumber, bytes: new Uint8Array(100_000) }]);
      kept = batchNumber;
    }
  } catch (error) {
    const numbers = spool.numbers();
    console.log(JSON.stringify({ kind: error.kind, wayOut: error.wayOut, kept, count: numbers.length, last: numbers.at(-1) }));
  }`;
  // A limit on the size of files stands in for a full disk; the signal that comes with it is ignored.
  const words = `trap '' XFSZ; ulimit -f 2048; exec "$0" "$1"`;
  const { stdout } = spawnSync("bash", ["-c", words, process.execPath, makeProgram(folder, body)], {
    encoding: "utf8",
  });
  const said = JSON.parse(stdout) as { kind: string; wayOut: string; kept: number; count: number; last: number };
  expect(said.kind).toBe("noSpace");
  expect(said.wayOut).toMatch(/Free some space/);
  expect(said.kept).toBeGreaterThan(0);
  expect(said).toMatchObject({ count: said.kept, last: said.kept });
});

test("a spool of a version without checksums goes on: its batches, its identity, and numbers of their own", () => {
  const folder = makeFolder();
  const database = new DatabaseSync(join(folder, "spool.sqlite"));
  database.exec("CREATE TABLE batch (number INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL)");
  const insert = database.prepare("INSERT INTO batch (number, bytes) VALUES (?, ?)");
  for (const { batchNumber, bytes } of batches(1, 2, 3)) insert.run(batchNumber, bytes);
  database.exec("DELETE FROM batch WHERE number = 3");
  database.close();
  writeFileSync(join(folder, "agent-id"), "earlier-1\n");
  for (let start = 0; start < 2; start++) {
    const spool = new SqliteSpool(folder, "newer-1");
    expect(spool.agentId).toBe("earlier-1");
    expect(spool.numbers()).toEqual([1, 2]);
    expect(spool.bytes()).toBe(2_000);
    expect(spool.get(2)).toEqual(bytesOf(2));
    expect(spool.nextNumber()).toBeGreaterThan(3);
    spool.close();
  }
});

test("a file that is no spool is named, with the way out", () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "spool.sqlite"), "no database ".repeat(1_000));
  expect(() => new SqliteSpool(folder)).toThrow(/the agent's spool .*spool\.sqlite cannot be used/);
});
