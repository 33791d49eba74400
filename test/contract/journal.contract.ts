import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { FIRST_HASH, hashFrame } from "../../coordinator/adapters/journals/frame-hash.ts";
import type { AppendResult, Frame, Journal, JournalStore } from "../../coordinator/ports/journal.ts";

/** Journals under test. */
export interface JournalSubject {
  readonly store: JournalStore;
  /** The same journals as another process has them. */
  again(): Promise<JournalStore>;
  /** Puts a frame at the end of a journal as it is, past all checks; `damaged`: one of its bits is wrong. */
  plant(name: string, frame: Frame, damaged?: boolean): Promise<void>;
  /** Journals that have room for at most a few hundred kilobytes. */
  small(): Promise<{ readonly store: JournalStore; readonly makeRoom: () => Promise<JournalStore> }>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function collect(frames: AsyncIterable<Frame>): Promise<string[]> {
  const texts: string[] = [];
  for await (const frame of frames)
    texts.push(`${frame.index}:${frame.epoch}:${new TextDecoder().decode(frame.payload)}`);
  return texts;
}

async function appendAll(journal: Journal, texts: readonly string[], epoch = 1): Promise<void> {
  for (const text of texts) {
    expect(await journal.append(bytes(text), epoch, await journal.length())).toMatchObject({ kind: "durable" });
  }
}

/** The frame that would come next. */
async function nextFrame(journal: Journal, epoch: number): Promise<Frame> {
  let previous: Frame | null = null;
  for await (const frame of journal.read(0)) previous = frame;
  const previousHash = previous === null ? FIRST_HASH : hashFrame(previous);
  return { index: (previous?.index ?? -1) + 1, epoch, previousHash, payload: bytes("planted") };
}

/** What every journal adapter must do. */
export function journalContract(name: string, makeSubject: () => Promise<JournalSubject>): void {
  describe(name, () => {
    orderRules(makeSubject);
    writerRules(makeSubject);
    damageRules(makeSubject);
    watchRules(makeSubject);
  });
}

function orderRules(makeSubject: () => Promise<JournalSubject>): void {
  test("frames come back in order, each after the one before it", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    const large = "x".repeat(5_000);
    expect(await journal.append(bytes("a"), 1, 0)).toMatchObject({ kind: "durable", index: 0 });
    expect(await journal.append(bytes(large), 1, 1)).toMatchObject({ kind: "durable", index: 1 });
    expect(await journal.append(bytes("c"), 2, 2)).toMatchObject({ kind: "durable", index: 2 });
    expect(await collect(journal.read(0))).toEqual(["0:1:a", `1:1:${large}`, "2:2:c"]);
    expect(await collect(journal.read(2))).toEqual(["2:2:c"]);
    expect(await collect(journal.read(3))).toEqual([]);
    expect(await journal.length()).toBe(3);
    await store.close();
  });

  test("an append's hash is that of the frame that is read", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    for (let index = 0; index < 3; index++) {
      const result = await journal.append(bytes(`${index}`), 1, index);
      for await (const frame of journal.read(index)) expect(result).toMatchObject({ hash: hashFrame(frame) });
    }
    await store.close();
  });

  test("a payload may be empty, a mebibyte, or the most that is allowed", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    const payloads = [0, 1 << 20, 16 << 20, 3].map((length) => randomBytes(length));
    for (const [index, payload] of payloads.entries()) {
      expect(await journal.append(payload, 1, index)).toMatchObject({ kind: "durable", index });
    }
    const read: Frame[] = [];
    for await (const frame of journal.read(0)) read.push(frame);
    expect(read.map(({ payload }, at) => payloads[at]!.equals(payload))).toEqual([true, true, true, true]);
    for await (const frame of journal.read(3)) expect([frame.index, frame.payload.length]).toEqual([3, 3]);
    expect(await journal.length()).toBe(4);
    await store.close();
  });

  test("journals are apart, listed by name, and removed one by one", async () => {
    const { store } = await makeSubject();
    const [one, two] = [await store.open("run-1"), await store.open("run-2")];
    await one.append(bytes("one"), 1, 0);
    await two.append(bytes("two"), 1, 0);
    expect(await store.list()).toEqual(["run-1", "run-2"]);
    await store.remove("run-1");
    await store.remove("run-1");
    expect(await store.list()).toEqual(["run-2"]);
    expect(await collect(two.read(0))).toEqual(["0:1:two"]);
    await store.close();
  });

  test("a name that could leave the folder is refused", async () => {
    const { store } = await makeSubject();
    await expect(store.open("../outside")).rejects.toThrow(/not the name of a journal/);
    await store.close();
  });
}

function writerRules(makeSubject: () => Promise<JournalSubject>): void {
  test("an append that expects another length, or is of an earlier epoch, changes nothing and says so", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    await journal.append(bytes("a"), 2, 0);
    expect(await journal.append(bytes("b"), 2, 0)).toEqual({ kind: "conflict", nextIndex: 1 });
    expect(await journal.append(bytes("b"), 2, 2)).toEqual({ kind: "conflict", nextIndex: 1 });
    expect(await journal.append(bytes("b"), 1, 1)).toEqual({ kind: "conflict", nextIndex: 1 });
    expect(await collect(journal.read(0))).toEqual(["0:2:a"]);
    expect(await journal.append(bytes("b"), 2, 1)).toMatchObject({ kind: "durable", index: 1 });
    await store.close();
  });

  test("of two writers of the same frame one is told of a conflict, and can go on after it", async () => {
    const subject = await makeSubject();
    const other = await subject.again();
    const journals = [await subject.store.open("run-1"), await other.open("run-1")] as const;
    const texts: string[] = [];
    for (let index = 0; index < 6; index += 2) {
      // The very same bytes: whose they are must still be clear.
      const results = await Promise.all(journals.map((journal) => journal.append(bytes("same"), 1, index)));
      expect(results.map(({ kind }) => kind).sort()).toEqual(["conflict", "durable"]);
      expect(results.find((result) => result.kind === "conflict")).toMatchObject({ nextIndex: index + 1 });
      const loser = journals[results.findIndex(({ kind }) => kind === "conflict")]!;
      expect(await loser.append(bytes("after"), 1, index + 1)).toMatchObject({ kind: "durable", index: index + 1 });
      texts.push(`${index}:1:same`, `${index + 1}:1:after`);
    }
    expect(await collect(journals[0].read(0))).toEqual(texts);
    await other.close();
    if (other !== subject.store) await subject.store.close();
  });

  test("a reader that closes its journal does not close it under a writer", async () => {
    const { store } = await makeSubject();
    const [writer, reader] = [await store.open("run-1"), await store.open("run-1")];
    await reader.close();
    expect(await writer.append(bytes("a"), 1, 0)).toMatchObject({ kind: "durable" });
    await store.close();
  });

  test("without room an append is refused and changes nothing; with room it is taken", async () => {
    const { store, makeRoom } = await (await makeSubject()).small();
    let journal = await store.open("run-1");
    let index = 0;
    let result: AppendResult;
    for (;;) {
      result = await journal.append(randomBytes(60_000), 1, index);
      if (result.kind !== "durable") break;
      index += 1;
    }
    expect(result).toMatchObject({ kind: "noSpace" });
    expect(await journal.append(randomBytes(60_000), 1, index)).toMatchObject({ kind: "noSpace" });
    expect(await collect(journal.read(0))).toHaveLength(index);
    const roomy = await makeRoom();
    if (roomy !== store) journal = await roomy.open("run-1");
    expect(await journal.append(randomBytes(60_000), 1, index)).toMatchObject({ kind: "durable", index });
    await roomy.close();
  });
}

function damageRules(makeSubject: () => Promise<JournalSubject>): void {
  const cases: [string, (next: Frame) => Frame, RegExp][] = [
    ["with a wrong hash", (next) => ({ ...next, previousHash: "f".repeat(64) }), /frame 2: it does not follow/],
    ["after a gap", (next) => ({ ...next, index: 3 }), /frame 2: it is missing/],
    ["of a falling epoch", (next) => ({ ...next, epoch: 4 }), /frame 2: it is of epoch 4, after a frame of epoch 5/],
  ];
  test.each(cases)(
    "a frame %s ends reading, with its place, after all that is whole",
    async (_name, bend, sentence) => {
      const subject = await makeSubject();
      const journal = await subject.store.open("run-1");
      await appendAll(journal, ["a", "b"], 5);
      await subject.plant("run-1", bend(await nextFrame(journal, 5)));
      await expectBroken(journal, 2, sentence);
      await subject.store.close();
    },
  );

  test("a frame with a wrong bit ends reading and writing, with its place", async () => {
    const subject = await makeSubject();
    const journal = await subject.store.open("run-1");
    await appendAll(journal, ["a", "b"]);
    await subject.plant("run-1", await nextFrame(journal, 1), true);
    await expectBroken(journal, 2, /frame 2: its bytes are damaged/);
    await subject.store.close();
  });

  test("a frame of an epoch that the reader has not heard of ends reading, with its place", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    await appendAll(journal, ["a"], 1);
    await appendAll(journal, ["b"], 3);
    expect(await collect(journal.read(0, 3))).toHaveLength(2);
    await expectBroken(journal, 1, /frame 1: it is of epoch 3, and the last that began is 2/, 2);
    await store.close();
  });
}

async function expectBroken(journal: Journal, frames: number, sentence: RegExp, epochMax?: number): Promise<void> {
  const read: Frame[] = [];
  await expect(
    (async () => {
      for await (const frame of journal.read(0, epochMax)) read.push(frame);
    })(),
  ).rejects.toMatchObject({ kind: "badData", message: expect.stringMatching(sentence) });
  expect(read).toHaveLength(frames);
}

function watchRules(makeSubject: () => Promise<JournalSubject>): void {
  test("a watcher gets what is there, then each frame as it becomes durable, until it is aborted", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    await appendAll(journal, ["a", "b"]);
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const frame of (await store.open("run-1")).watch(1, controller.signal)) {
      seen.push(new TextDecoder().decode(frame.payload));
      if (seen.length < 6) await appendAll(journal, [`${seen.length}`]);
      else controller.abort();
    }
    expect(seen).toEqual(["b", "1", "2", "3", "4", "5"]);
    await store.close();
  });

  test("a watcher waits for frames that are not there yet, and ends when nothing comes", async () => {
    const { store } = await makeSubject();
    const journal = await store.open("run-1");
    const controller = new AbortController();
    const watched = collect(journal.watch(1, controller.signal));
    await appendAll(journal, ["a", "b"]);
    const first = journal.watch(1, controller.signal)[Symbol.asyncIterator]();
    expect((await first.next()).value).toMatchObject({ index: 1 });
    const idle = first.next();
    controller.abort();
    expect(await idle).toMatchObject({ done: true });
    expect(["", "1:1:b"]).toContain((await watched).join());
    await store.close();
  });

  test("a watcher meets a broken frame as a reader does", async () => {
    const subject = await makeSubject();
    const journal = await subject.store.open("run-1");
    await appendAll(journal, ["a"]);
    await subject.plant("run-1", { ...(await nextFrame(journal, 1)), previousHash: "f".repeat(64) });
    await expect(collect(journal.watch(0, new AbortController().signal))).rejects.toThrow(
      /frame 1: it does not follow/,
    );
    await subject.store.close();
  });
}
