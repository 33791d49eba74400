import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeEach, expect, test } from "vitest";
import { pino } from "pino";
import { journalContract } from "../../../test/contract/journal.contract.ts";
import type { Frame, Journal } from "../../ports/journal.ts";
import { MemoryJournalStore } from "../journals/memory-journal-store.ts";
import { SqliteJournalStore } from "../journals/sqlite-journal-store.ts";
import { MirroredJournalStore } from "./mirrored-journal-store.ts";

const log = pino({ level: "silent" });
const folders: string[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-mirror-"));
  folders.push(folder);
});
afterAll(() => folders.forEach((made) => rmSync(made, { recursive: true, force: true })));

/** Journals that outlive who uses them, as those of servers do. */
class ServedJournals extends MemoryJournalStore {
  override async close(): Promise<void> {}
}

function mirrored(
  journals: ServedJournals,
  { place = folder, pageCountMax }: { place?: string; pageCountMax?: number } = {},
): MirroredJournalStore {
  const mirror = new SqliteJournalStore(place, pageCountMax === undefined ? {} : { pageCountMax });
  return new MirroredJournalStore({ journals, mirror, log });
}

async function append(journal: Journal, from: number, to: number, bytes = 1): Promise<void> {
  for (let index = from; index < to; index++) {
    const payload = new Uint8Array(bytes).fill(index);
    expect(await journal.append(payload, 1, index)).toMatchObject({ kind: "durable" });
  }
}

async function indexes(frames: AsyncIterable<Frame>): Promise<number[]> {
  const all: number[] = [];
  for await (const { index, payload } of frames) {
    expect(payload[0]).toBe(index);
    all.push(index);
  }
  return all;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The frames that lie in the folder, as they are there. */
async function copied(): Promise<number[]> {
  const store = new SqliteJournalStore(folder);
  try {
    return await indexes((await store.open("run-1")).read(0));
  } finally {
    await store.close();
  }
}

function change(sql: string): void {
  const file = new DatabaseSync(join(folder, "run-1.sqlite"));
  file.exec(sql);
  file.close();
}

/** The first `count` frames of another life of the servers. */
async function otherLife(count: number): Promise<ServedJournals> {
  const journals = new ServedJournals();
  await append(await journals.open("run-1"), 0, count);
  return journals;
}

journalContract("mirrored journal", async () => {
  const journals = new ServedJournals();
  return {
    store: mirrored(journals),
    again: async () => mirrored(journals, { place: mkdtempSync(join(folder, "again-")) }),
    plant: async (name, frame, damaged = false) => journals.plant(name, frame, damaged ? "" : undefined),
    small: async () => {
      journals.faults.bytesMax = 200_000;
      const makeRoom = async (): Promise<MirroredJournalStore> => {
        journals.faults.bytesMax = Number.POSITIVE_INFINITY;
        return mirrored(journals, { place: mkdtempSync(join(folder, "room-")) });
      };
      return { store: mirrored(journals), makeRoom };
    },
  };
});

test("what is appended, read or watched here lies here too, and is read from here", async () => {
  const journals = await otherLife(3);
  const first = mirrored(journals);
  const journal = await first.open("run-1");
  expect(await indexes(journal.read(0))).toEqual(upTo(3));
  await append(journal, 3, 5);
  const stop = new AbortController();
  const watching = (async () => {
    for await (const { index } of journal.watch(5, stop.signal)) if (index === 6) stop.abort();
  })();
  await append(await journals.open("run-1"), 5, 7);
  await watching;
  await first.close();
  expect(await copied()).toEqual(upTo(7));
  // A journal that could give no frame but its last: the others come from here.
  const again = mirrored(await otherLife(7));
  expect(await indexes((await again.open("run-1")).read(2))).toEqual([2, 3, 4, 5, 6]);
  await again.close();
});

test.each([
  ["has fewer frames", () => otherLife(4), /it has 4 frames, and the copy here has 5/],
  ["is empty", () => otherLife(0), /it has 0 frames, and the copy here has 5/],
  [
    "has another history",
    async () => {
      const journals = new ServedJournals();
      const journal = await journals.open("run-1");
      for (let index = 0; index < 9; index++) await journal.append(new Uint8Array([9]), 1, index);
      return journals;
    },
    /its frame 4 is another than in the copy here/,
  ],
])("a journal that %s is not used, and nothing is changed", async (_name, makeOther, sentence) => {
  const first = mirrored(new ServedJournals());
  await append(await first.open("run-1"), 0, 5);
  await first.close();
  const other = await makeOther();
  const second = mirrored(other);
  await expect(second.open("run-1")).rejects.toMatchObject({
    kind: "badData",
    message: expect.stringMatching(sentence),
    wayOut: expect.stringContaining("muster journal repair run-1"),
  });
  await second.close();
  expect(await copied()).toEqual(upTo(5));
});

test("a journal that is gone is noticed in the list", async () => {
  const first = mirrored(new ServedJournals());
  const journal = await first.open("run-1");
  await append(journal, 0, 2);
  await first.close();
  const second = mirrored(new ServedJournals());
  await expect(second.list()).rejects.toThrow(/no such journal any more, and the copy here has 2 frames/);
  await second.close();
});

test.each([
  ["in its last frame", "UPDATE frames SET payload = x'ff' WHERE position = 9"],
  ["in the middle", "UPDATE frames SET payload = x'ff' WHERE position = 4"],
  ["by a missing frame", "DELETE FROM frames WHERE position = 4"],
])("a copy that is damaged %s is moved aside and made anew", async (_name, sql) => {
  const journals = await otherLife(10);
  const first = mirrored(journals);
  expect(await indexes((await first.open("run-1")).read(0))).toEqual(upTo(10));
  await first.close();
  change(sql);
  const second = mirrored(journals);
  const journal = await second.open("run-1");
  expect(await indexes(journal.read(0))).toEqual(upTo(10));
  await append(journal, 10, 12);
  await second.close();
  expect(await copied()).toEqual(upTo(12));
  expect(existsSync(join(folder, "run-1.sqlite.broken-1"))).toBe(true);
});

test("a copy without room falls behind and stops nothing; with room it is whole again", async () => {
  const journals = new ServedJournals();
  const small = mirrored(journals, { pageCountMax: 8 });
  const journal = await small.open("run-1");
  await append(journal, 0, 40, 1_000);
  expect(await journal.copiedLength()).toBeLessThan(40);
  expect(await indexes(journal.read(0))).toEqual(upTo(40));
  await small.close();
  const large = mirrored(journals);
  const again = await large.open("run-1");
  await append(again, 40, 41, 1_000);
  expect(await again.copiedLength()).toBe(41);
  await large.close();
  expect(await copied()).toEqual(upTo(41));
});
