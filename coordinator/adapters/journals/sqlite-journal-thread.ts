// The thread that owns the journals' SQLite files: `synchronous=FULL` makes each append wait for the disk, and that
// wait must not happen on the coordinator's event loop.
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { assert } from "../../../base/assert.ts";
import { MusterError } from "../../../base/muster-error.ts";
import { moveAside } from "../../../base/node/move-aside.ts";
import { ZSTD_OPTIONS } from "../../../base/node/zstd-options.ts";
import type { AppendResult, Frame } from "../../ports/journal.ts";
import { FIRST_HASH, hashFrame } from "./frame-hash.ts";
import { brokenFrame, readOn, type ReadPosition } from "./read-position.ts";
import type { JournalCall, JournalReply, ReadPart } from "./sqlite-journal-store.ts";

/** Payloads above this are compressed. */
const COMPRESS_BYTES = 1024;
const SQLITE_FULL = 13;

interface OpenFile {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly insert: StatementSync;
  readonly select: StatementSync;
  length: number;
  lastHash: string;
  lastEpoch: number;
  /** What is wrong with the last frame: nothing can follow it, what is before it can be read. */
  tailError: unknown;
}

const { folder, pageCountMax } = workerData as { readonly folder: string; readonly pageCountMax: number };
const files = new Map<string, OpenFile>();
mkdirSync(folder, { recursive: true });

function pathOf(name: string): string {
  return join(folder, `${name}.sqlite`);
}

function openFile(name: string): OpenFile {
  const known = files.get(name);
  if (known !== undefined) return known;
  const path = pathOf(name);
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000;");
  database.exec(`PRAGMA max_page_count=${pageCountMax}`);
  database.exec(
    "CREATE TABLE IF NOT EXISTS frames (position INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, previous_hash TEXT NOT NULL," +
      " crc INTEGER NOT NULL, compressed INTEGER NOT NULL, payload BLOB NOT NULL)",
  );
  const file: OpenFile = {
    path,
    database,
    insert: database.prepare("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?)"),
    select: database.prepare("SELECT * FROM frames WHERE position >= ? ORDER BY position LIMIT ?"),
    length: 0,
    lastHash: FIRST_HASH,
    lastEpoch: 0,
    tailError: null,
  };
  readTail(file);
  files.set(name, file);
  return file;
}

/** What an append follows. The rest, and whether there are gaps, is checked when it is read. */
function readTail(file: OpenFile): void {
  const { last } = file.database.prepare("SELECT max(position) AS last FROM frames").get() as { last: number | null };
  if (last === null) return;
  file.length = last + 1;
  try {
    const frame = decode(file, file.select.get(last, 1), last);
    Object.assign(file, { lastHash: hashFrame(frame), lastEpoch: frame.epoch, tailError: null });
  } catch (error) {
    file.tailError = error;
  }
}

interface Row {
  readonly position: number;
  readonly epoch: number;
  readonly previous_hash: string;
  readonly crc: number;
  readonly compressed: number;
  readonly payload: Uint8Array;
}

function decode(file: OpenFile, found: unknown, index: number): Frame {
  const row = found as Row | undefined;
  if (row === undefined || row.position !== index) throw brokenFrame(file.path, index, "it is missing");
  if (crc32(row.payload) !== row.crc) throw brokenFrame(file.path, index, "its bytes are damaged");
  // The copy leaves behind the 64 KB that zlib allocates in advance, which would go to the other thread too.
  const payload = row.compressed === 1 ? new Uint8Array(zstdDecompressSync(row.payload)) : row.payload;
  return { index, epoch: row.epoch, previousHash: row.previous_hash, payload };
}

function append(name: string, payload: Uint8Array, epoch: number, expectedIndex: number): AppendResult {
  const file = openFile(name);
  // Another process may have written, and the caller know of it.
  if (expectedIndex > file.length) readTail(file);
  if (file.tailError !== null) throw file.tailError;
  const frame: Frame = { index: expectedIndex, epoch, previousHash: file.lastHash, payload };
  const compressed = payload.length > COMPRESS_BYTES;
  const stored = compressed ? zstdCompressSync(payload, ZSTD_OPTIONS) : payload;
  try {
    if (expectedIndex !== file.length || epoch < file.lastEpoch) return { kind: "conflict", nextIndex: file.length };
    // The primary key makes the insert a compare-and-set: another writer's frame of this number refuses ours.
    file.insert.run(frame.index, epoch, frame.previousHash, crc32(stored), compressed ? 1 : 0, stored);
  } catch (error) {
    return appendFailure(file, error);
  }
  Object.assign(file, { length: frame.index + 1, lastHash: hashFrame(frame), lastEpoch: epoch });
  return { kind: "durable", index: frame.index, hash: file.lastHash };
}

function appendFailure(file: OpenFile, error: unknown): AppendResult {
  const { errcode, message } = error as { errcode?: number; message: string };
  if (errcode === SQLITE_FULL) return { kind: "noSpace", message: `${file.path}: ${message}` };
  if (message.includes("UNIQUE constraint")) {
    readTail(file);
    return { kind: "conflict", nextIndex: file.length };
  }
  throw error;
}

function read(name: string, from: ReadPosition, countMax: number): ReadPart {
  const file = openFile(name);
  const frames: Frame[] = [];
  let position = from;
  const rows = file.select.all(from.index, countMax);
  for (const row of rows) {
    try {
      const frame = decode(file, row, position.index);
      position = readOn(position, frame, file.path);
      frames.push(frame);
    } catch (error) {
      // What is whole before it is read; who goes on meets it first.
      if (frames.length === 0) throw error;
      return { frames, position, isEnd: false };
    }
  }
  return { frames, position, isEnd: rows.length < countMax };
}

function close(name: string): void {
  files.get(name)?.database.close();
  files.delete(name);
}

function answer(call: JournalCall): unknown {
  switch (call.kind) {
    case "open":
      return openFile(call.name).length;
    case "append":
      return append(call.name, call.payload, call.epoch, call.expectedIndex);
    case "read":
      return read(call.name, call.position, call.countMax);
    case "length":
      return openFile(call.name).length;
    case "list":
      return readdirSync(folder)
        .filter((file) => file.endsWith(".sqlite"))
        .map((file) => file.slice(0, -".sqlite".length))
        .toSorted();
    case "remove":
      close(call.name);
      for (const suffix of ["", "-wal", "-shm"])
        if (existsSync(pathOf(call.name) + suffix)) rmSync(pathOf(call.name) + suffix);
      return null;
    case "setAside":
      close(call.name);
      return moveAside(pathOf(call.name));
    case "close":
      return close(call.name);
  }
}

const port = parentPort;
assert(port !== null, "the journal thread runs as a thread");
port.on("message", ({ id, call }: { id: number; call: JournalCall }) => {
  let reply: JournalReply;
  try {
    reply = { id, value: answer(call) };
  } catch (thrown) {
    const { kind, message, wayOut } = MusterError.from(thrown);
    reply = { id, error: { kind, message, wayOut } };
  }
  port.postMessage(reply);
});
