import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { create, toBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ResponseBatch, ResponseBatchSchema } from "../../proto/gen/muster/v1/agent_pb.js";
import { MusterError } from "../../base/muster-error.ts";
import { SYSTEM_CLOCK } from "../../base/node/system-clock.ts";
import { SqliteSpool } from "../adapters/spool/sqlite-spool.ts";
import type { Input } from "../core/input.ts";
import { SpoolWriter } from "./spool-writer.ts";

/** The real spool on a disk that a test can fill. */
class FillableSpool extends SqliteSpool {
  isFull = false;
  isBroken = false;
  commits = 0;

  override put(batches: Parameters<SqliteSpool["put"]>[0]): void {
    if (this.isFull) throw new MusterError("noSpace", "no space left on device");
    if (this.isBroken) throw new MusterError("badData", "database disk image is malformed");
    this.commits += 1;
    super.put(batches);
  }

  override startOver(): string {
    this.isBroken = false;
    return super.startOver();
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
  writer = new SpoolWriter({ spool, clock: SYSTEM_CLOCK, log, take: (input) => taken.push(input) });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const batchOf = (batchNumber: number): ResponseBatch =>
  create(ResponseBatchSchema, { batchNumber: BigInt(batchNumber), runId: "r1" });
const bytesOf = (batchNumber: number): Uint8Array => toBinary(ResponseBatchSchema, batchOf(batchNumber));
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
  expect(writer.read(1)).toEqual(batchOf(1));
  expect(writer.read(1)).toEqual(batchOf(1));
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
  const next = new SpoolWriter({
    spool: after,
    clock: SYSTEM_CLOCK,
    log: pino({ level: "silent" }),
    take: () => undefined,
  });
  next.remove(1);
  next.close();
  const last = new SqliteSpool(folder);
  expect(last.numbers()).toEqual([2]);
  last.close();
});

test("a damaged batch is named, set aside and forgotten; the others are sent", async () => {
  for (const batchNumber of [1, 2]) writer.add(batchNumber, bytesOf(batchNumber));
  writer.close();
  const file = join(folder, "spool.sqlite");
  const database = new DatabaseSync(file);
  database.exec("UPDATE batch SET bytes = x'010203' WHERE number = 1");
  database.close();
  const log = pino({}, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) });
  const after = new SqliteSpool(folder);
  const next = new SpoolWriter({ spool: after, clock: SYSTEM_CLOCK, log, take: (input) => taken.push(input) });
  expect(next.read(1)).toBeNull();
  expect(next.read(2)?.batchNumber).toBe(2n);
  expect(taken.at(-1)).toEqual({ kind: "BatchLost", batchNumber: 1 });
  expect(said.at(-1)).toBe("batch 1 cannot be read from the spool; its requests are leased again");
  expect(after.numbers()).toEqual([2]);
  next.close();
  const looked = new DatabaseSync(file);
  expect(looked.prepare("SELECT number FROM damaged").all()).toMatchObject([{ number: 1 }]);
  looked.close();
});

test("a spool that breaks is moved aside, and what comes is kept in an empty one with numbers that go on", async () => {
  writer.add(1, bytesOf(1));
  await vi.waitFor(() => expect(spooled()).toEqual([1]), { timeout: 60_000 });
  spool.isBroken = true;
  writer.add(2, bytesOf(2));
  await vi.waitFor(() => expect(spooled()).toEqual([1, 2]), { timeout: 60_000 });
  expect(said[0]).toBe("the spool is damaged; it was moved aside, an empty one goes on");
  expect(existsSync(join(folder, "spool.sqlite.broken-1"))).toBe(true);
  expect(spool.numbers()).toEqual([2]);
  expect(spool.nextNumber()).toBe(3);
  expect(writer.read(1)?.batchNumber).toBe(1n);
  expect(writer.read(1)).toBeNull();
  expect(taken.at(-1)).toEqual({ kind: "BatchLost", batchNumber: 1 });
  writer.close();
});
