import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryJournalStore } from "../adapters/journals/memory-journal-store.ts";
import { SqliteJournalStore } from "../adapters/journals/sqlite-journal-store.ts";
import type { JournalStore } from "../ports/journal.ts";
import { examineJournal, exportJournal, importJournal, repairJournal, replaceInFolder } from "./journal-tools.ts";

const FRAMES = 150;
let folder: string;
let copy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-journals-"));
  copy = join(folder, "copy.journal");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function fill(store: JournalStore, from = 0, to = FRAMES, salt = 0): Promise<void> {
  const journal = await store.open("run-1");
  for (let index = from; index < to; index++) {
    await journal.append(new Uint8Array(100 + index * 20).fill(index + salt), 1 + Math.floor(index / 50), index);
  }
  await journal.close();
}

async function writeCopy(store: JournalStore, path = copy): Promise<void> {
  writeFileSync(path, "");
  await exportJournal(store, "run-1", async (bytes) => appendFileSync(path, bytes));
}

async function withSqlite<Result>(use: (store: SqliteJournalStore) => Promise<Result>): Promise<Result> {
  const store = new SqliteJournalStore(folder);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

function change(sql: string): void {
  const database = new DatabaseSync(join(folder, "run-1.sqlite"));
  database.exec(sql);
  database.close();
}

const repair = (file = copy): ReturnType<typeof repairJournal> =>
  withSqlite((store) =>
    repairJournal(
      store,
      { name: "run-1", file },
      replaceInFolder(folder, (place) => new SqliteJournalStore(place)),
    ),
  );

test("a copy brings a journal back, with the same hash over all of it", async () => {
  const memory = new MemoryJournalStore();
  await fill(memory);
  await writeCopy(memory);
  const state = await examineJournal(memory, "run-1");
  expect(state).toMatchObject({ frames: FRAMES, lastEpoch: 3, broken: null });
  expect(await withSqlite((store) => importJournal(store, copy))).toEqual(state);
  await expect(withSqlite((store) => importJournal(store, copy))).rejects.toMatchObject({ kind: "conflict" });
});

test("a copy that is torn, changed or of something else is refused, and makes nothing", async () => {
  const memory = new MemoryJournalStore();
  await fill(memory);
  await writeCopy(memory);
  const whole = readFileSync(copy);
  const empty = new MemoryJournalStore();
  truncateSync(copy, whole.length - 3);
  await expect(importJournal(empty, copy)).rejects.toThrow(/ends in the middle of frame 149/);
  for (const at of [60, 5_000, whole.length - 1]) {
    writeFileSync(copy, Buffer.from(whole).fill(whole[at]! ^ 4, at, at + 1));
    await expect(importJournal(empty, copy)).rejects.toThrow(/is no whole copy of a journal: frame \d+ is damaged/);
  }
  writeFileSync(copy, "PK\u0003\u0004");
  await expect(importJournal(empty, copy)).rejects.toThrow(/does not begin as one/);
  expect(await empty.list()).toEqual([]);
});

test.each([
  ["a flipped bit", "UPDATE frames SET payload = x'00' WHERE position = 70", 70, /frame 70: its bytes are damaged/],
  ["a flipped bit in its last frame", "UPDATE frames SET payload = x'00' WHERE position = 149", 149, /frame 149: its/],
  ["a flipped bit in its first frame", "UPDATE frames SET payload = x'00' WHERE position = 0", 0, /frame 0: its/],
  ["a missing frame", "DELETE FROM frames WHERE position = 3", 3, /frame 3: it is missing/],
])("a journal with %s is put right from a copy, and kept beside it", async (_name, sql, frames, sentence) => {
  await withSqlite((store) => fill(store));
  await withSqlite((store) => writeCopy(store));
  const before = await withSqlite((store) => examineJournal(store, "run-1"));
  change(sql);
  const broken = await withSqlite((store) => examineJournal(store, "run-1"));
  expect(broken.broken).toMatch(sentence);
  expect(broken.frames).toBe(frames);
  expect(await repair()).toEqual(before);
  expect(await withSqlite((store) => examineJournal(store, "run-1"))).toEqual(before);
  expect(readdirSync(folder).filter((name) => name.includes("broken"))).not.toEqual([]);
});

test("nothing is appended after a last frame that is damaged, and a copy without the frames before it is refused", async () => {
  await withSqlite((store) => fill(store, 0, 20));
  await withSqlite((store) => writeCopy(store));
  await withSqlite((store) => fill(store, 20, 30));
  change("UPDATE frames SET payload = x'00' WHERE position = 29");
  await withSqlite(async (store) => {
    const journal = await store.open("run-1");
    await expect(journal.append(new Uint8Array(1), 9, 30)).rejects.toThrow(/frame 29: its bytes are damaged/);
  });
  await expect(repair()).rejects.toThrow(/holds 20 frames, and 29 are whole/);
});

test("a repair never makes a journal shorter, nor puts another history in its place", async () => {
  await withSqlite((store) => fill(store, 0, 20));
  await withSqlite((store) => writeCopy(store));
  await withSqlite((store) => fill(store, 20, 30));
  change("UPDATE frames SET payload = x'00' WHERE position = 28");
  await expect(repair()).rejects.toThrow(/holds 20 frames, and 28 are whole/);
  const other = new MemoryJournalStore();
  await fill(other, 0, 40, 1);
  await writeCopy(other);
  await expect(repair()).rejects.toThrow(/is of another history/);
  expect(await withSqlite((store) => examineJournal(store, "run-1"))).toMatchObject({ frames: 28 });
});
