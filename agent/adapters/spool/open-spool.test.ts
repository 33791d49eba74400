import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SYSTEM_CLOCK } from "../../../base/node/system-clock.ts";
import { ResponseBatchSchema } from "../../../proto/gen/muster/v1/agent_pb.js";
import { SeededRandom } from "../../../quickstart/seeded-random.ts";
import { SpoolWriter } from "../../shell/spool-writer.ts";
import { openSpool } from "./open-spool.ts";
import { SqliteSpool } from "./sqlite-spool.ts";

const BATCHES = 24;
const SEED = Number(process.env["MUSTER_TEST_SEED"] ?? 1);
const folder = mkdtempSync(join(tmpdir(), "muster-damaged-"));
const whole = join(folder, "whole.sqlite");
const spoolFile = join(folder, "spool.sqlite");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A batch as an agent sends it; most are longer than a page of the file, some much. */
function bytesOf(batchNumber: number): Uint8Array {
  const reason = `${batchNumber} `.repeat(100 + (batchNumber % 5) * 2_000);
  const failures = [{ requestIndex: batchNumber, retry: 1, reason, message: "" }];
  return toBinary(ResponseBatchSchema, create(ResponseBatchSchema, { batchNumber: BigInt(batchNumber), failures }));
}

beforeAll(() => {
  const spool = new SqliteSpool(folder, "first-1");
  for (let batchNumber = 1; batchNumber <= BATCHES; batchNumber++) {
    spool.put([{ batchNumber, bytes: bytesOf(batchNumber) }]);
  }
  spool.close();
  copyFileSync(spoolFile, whole);
});

interface Opened {
  readonly agentId: string;
  /** Numbers of the batches that were sent; each was as it had been put. */
  readonly sent: readonly number[];
  /** Numbers of the batches that were named as lost. */
  readonly lost: readonly number[];
  /** What was said of the whole file. */
  readonly reports: readonly string[];
  readonly nextNumber: number;
}

/** Puts such a file in the spool's place, starts on it, and sends all that is in it. */
function openDamaged(bytes: Uint8Array): Opened {
  for (const name of readdirSync(folder)) if (name.startsWith("spool.sqlite")) rmSync(join(folder, name));
  writeFileSync(spoolFile, bytes);
  writeFileSync(join(folder, "agent-id"), "first-1\n");
  const [reports, sent, lost]: [string[], number[], number[]] = [[], [], []];
  const spool = openSpool(folder, "second-1", (sentence) => reports.push(sentence));
  const writer = new SpoolWriter({
    spool,
    clock: SYSTEM_CLOCK,
    log: pino({ level: "silent" }),
    take: (input) => input.kind === "BatchLost" && lost.push(input.batchNumber),
  });
  for (const batchNumber of spool.numbers()) {
    const batch = writer.read(batchNumber);
    if (batch === null) continue;
    expect(toBinary(ResponseBatchSchema, batch)).toEqual(bytesOf(batchNumber));
    sent.push(batchNumber);
  }
  const { agentId } = spool;
  const nextNumber = spool.nextNumber();
  spool.put([{ batchNumber: nextNumber, bytes: bytesOf(nextNumber) }]);
  writer.close();
  return { agentId, sent, lost, reports, nextNumber };
}

/** Every batch is sent or named, or the whole file is; numbers are not used again under the old identity. */
function expectHonest({ agentId, sent, lost, reports, nextNumber }: Opened, what: string): void {
  if (reports.length === 0) {
    expect(sent.length + lost.length, what).toBe(BATCHES);
    expect(agentId, what).toBe("first-1");
    expect(nextNumber, what).toBeGreaterThan(BATCHES);
  } else {
    expect(reports, what).toEqual([expect.stringMatching(/spool\.sqlite.* It was moved to .*\.broken-1/)]);
    expect(sent, what).toEqual([]);
    expect(agentId, what).toBe("second-1");
    expect(readFileSync(join(folder, "agent-id"), "utf8"), what).toBe("second-1\n");
  }
}

test("bits flipped at random places: a batch is sent as it was put, or is named, or the file is moved aside", () => {
  const random = new SeededRandom(SEED);
  const ends = { unharmed: 0, lost: 0, moved: 0 };
  for (let round = 0; round < 150; round++) {
    const bytes = readFileSync(whole);
    // Half of them where the file keeps its structure.
    const at = random.below(round % 2 === 0 ? bytes.length : 3 * 4096);
    bytes[at]! ^= 1 << random.below(8);
    const opened = openDamaged(bytes);
    expectHonest(opened, `seed ${SEED}, round ${round}, byte ${at}`);
    ends[opened.reports.length > 0 ? "moved" : opened.lost.length > 0 ? "lost" : "unharmed"] += 1;
  }
  for (const count of Object.values(ends)) expect(count, JSON.stringify(ends)).toBeGreaterThan(0);
});

test("a file cut at random lengths is moved aside, also one of which nothing is left", () => {
  const random = new SeededRandom(SEED);
  const { length } = readFileSync(whole);
  for (const left of [0, 1, length - 1, ...Array.from({ length: 30 }, () => random.below(length))]) {
    copyFileSync(whole, spoolFile);
    truncateSync(spoolFile, left);
    const opened = openDamaged(readFileSync(spoolFile));
    expectHonest(opened, `seed ${SEED}, cut to ${left}`);
    expect(opened.reports, `cut to ${left}`).toHaveLength(1);
  }
});

test("a spool that is whole keeps identity and batches over starts", () => {
  for (let start = 0; start < 2; start++) {
    const opened = openDamaged(readFileSync(whole));
    expect(opened).toMatchObject({ agentId: "first-1", reports: [], lost: [] });
    expect(opened.sent).toHaveLength(BATCHES);
  }
});
