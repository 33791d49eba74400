import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { journalContract } from "../../../test/contract/journal.contract.ts";
import type { Frame } from "../../ports/journal.ts";
import { SqliteJournalStore } from "./sqlite-journal-store.ts";

const folders: string[] = [];
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "muster-journal-"));
  folders.push(folder);
  return folder;
}
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

journalContract("SQLite journal", async () => {
  const folder = makeFolder();
  return {
    store: new SqliteJournalStore(folder),
    again: async () => new SqliteJournalStore(folder),
    plant: async (name, { index, epoch, previousHash, payload }, damaged = false) => {
      const database = new DatabaseSync(join(folder, `${name}.sqlite`));
      const row = database.prepare("INSERT INTO frames VALUES (?, ?, ?, ?, 0, ?)");
      row.run(index, epoch, previousHash, crc32(payload), damaged ? payload.map((byte) => byte ^ 1) : payload);
      database.close();
    },
    small: async () => {
      const store = new SqliteJournalStore(folder, { pageCountMax: 64 });
      const makeRoom = async (): Promise<SqliteJournalStore> => {
        await store.close();
        return new SqliteJournalStore(folder);
      };
      return { store, makeRoom };
    },
  };
});

async function drain(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

async function writeFrames(folder: string, count: number): Promise<void> {
  const store = new SqliteJournalStore(folder);
  const journal = await store.open("run-1");
  for (let index = 0; index < count; index++) await journal.append(new Uint8Array([index]), 1, index);
  await store.close();
}

test("SQLite journal: a damaged frame is named by file and position and never skipped", async () => {
  const folder = makeFolder();
  await writeFrames(folder, 5);
  const database = new DatabaseSync(join(folder, "run-1.sqlite"));
  database.exec("UPDATE frames SET payload = x'ff' WHERE position = 2");
  database.close();
  const store = new SqliteJournalStore(folder);
  await expect(drain((await store.open("run-1")).read(0))).rejects.toThrow(
    /run-1\.sqlite, frame 2: its bytes are damaged/,
  );
  await store.close();
});

test("SQLite journal: a missing frame and a frame put in another's place are found", async () => {
  for (const [change, message] of [
    ["DELETE FROM frames WHERE position = 2", /frame 2: it is missing/],
    [
      "UPDATE frames SET payload = (SELECT payload FROM frames WHERE position = 1), crc = (SELECT crc FROM frames WHERE position = 1) WHERE position = 2",
      /frame 3: it does not follow/,
    ],
  ] as const) {
    const folder = makeFolder();
    await writeFrames(folder, 5);
    const database = new DatabaseSync(join(folder, "run-1.sqlite"));
    database.exec(change);
    database.close();
    const store = new SqliteJournalStore(folder);
    // A gap changes the count, so the tail check may see it first.
    await expect((async () => drain((await store.open("run-1")).read(0)))()).rejects.toThrow(
      change.startsWith("DELETE") ? /frame [24]: it is missing/ : message,
    );
    await store.close();
  }
});

test("SQLite journal: what was durable survives kill -9 of the writer", async () => {
  const folder = makeFolder();
  const script = `
    const { SqliteJournalStore } = await import(${JSON.stringify(join(import.meta.dirname, "sqlite-journal-store.ts"))});
    const journal = await new SqliteJournalStore(${JSON.stringify(folder)}).open("run-1");
    for (let index = 0; ; index++) {
      await journal.append(new Uint8Array(100), 1, index);
      console.log(index);
    }`;
  const program = join(folder, "writer.mts");
  writeFileSync(program, script);
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const part of child.stdout) {
    output += String(part);
    if (output.split("\n").length > 50) break;
  }
  child.kill("SIGKILL");
  // The last line may be torn; the one before it is whole.
  const acknowledged = Number(output.split("\n").at(-2));
  expect(acknowledged).toBeGreaterThan(40);
  const store = new SqliteJournalStore(folder);
  const frames = await drain((await store.open("run-1")).read(0));
  expect(frames.length).toBeGreaterThan(acknowledged);
  await store.close();
});
