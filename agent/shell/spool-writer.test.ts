import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MusterError } from "../../base/muster-error.ts";
import { SqliteSpool } from "../adapters/spool/sqlite-spool.ts";
import type { Input } from "../core/input.ts";
import { SpoolWriter } from "./spool-writer.ts";

/** The real spool on a disk that a test can fill. */
class FillableSpool extends SqliteSpool {
  isFull = false;
  commits = 0;

  override put(batches: Parameters<SqliteSpool["put"]>[0]): void {
    if (this.isFull) throw new MusterError("noSpace", "no space left on device");
    this.commits += 1;
    super.put(batches);
  }
}

let folder: string;
let spool: FillableSpool;
let writer: SpoolWriter;
let taken: Input[];
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-writer-"));
  spool = new FillableSpool(folder);
  [taken, said] = [[], []];
  const log = pino({}, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) });
  writer = new SpoolWriter({ spool, log, take: (input) => taken.push(input) });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytesOf = (batchNumber: number): Uint8Array => Uint8Array.of(batchNumber, 1, 2);
const spooled = (): number[] => taken.flatMap((input) => (input.kind === "BatchSpooled" ? [input.batchNumber] : []));

test("batches of one turn are made durable by one commit, and then told of in order", async () => {
  for (const batchNumber of [1, 2, 3]) writer.add(batchNumber, bytesOf(batchNumber));
  expect(taken).toEqual([]);
  await vi.waitFor(() => expect(spooled()).toEqual([1, 2, 3]), { timeout: 60_000 });
  expect(spool.commits).toBe(1);
  expect(spool.numbers()).toEqual([1, 2, 3]);
  writer.close();
});

test("a batch can be read for its first sending and again from the disk", async () => {
  writer.add(1, bytesOf(1));
  await vi.waitFor(() => expect(spooled()).toEqual([1]), { timeout: 60_000 });
  expect(writer.read(1)).toEqual(bytesOf(1));
  expect(writer.read(1)).toEqual(bytesOf(1));
  writer.close();
});

test("a full disk is told of once and loses nothing: what waits is written when there is room again", async () => {
  spool.isFull = true;
  writer.add(1, bytesOf(1));
  await vi.waitFor(() => expect(taken).toEqual([{ kind: "SpoolBlocked", blocked: true }]), { timeout: 60_000 });
  writer.add(2, bytesOf(2));
  await vi.waitFor(() => expect(said).toHaveLength(1), { timeout: 60_000 });
  spool.isFull = false;
  await vi.waitFor(() => expect(spooled()).toEqual([1, 2]), { timeout: 10_000 });
  expect(taken[1]).toEqual({ kind: "SpoolBlocked", blocked: false });
  expect(said).toEqual(["the spool cannot be written; no new work is begun", "the spool can be written again"]);
  writer.close();
});

test("closing writes what waits and removes what was acknowledged", () => {
  writer.add(1, bytesOf(1));
  writer.add(2, bytesOf(2));
  writer.close();
  const after = new SqliteSpool(folder);
  expect(after.numbers()).toEqual([1, 2]);
  const next = new SpoolWriter({ spool: after, log: pino({ level: "silent" }), take: () => undefined });
  next.remove(1);
  next.close();
  const last = new SqliteSpool(folder);
  expect(last.numbers()).toEqual([2]);
  last.close();
});
