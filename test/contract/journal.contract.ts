import { expect, test } from "vitest";
import type { Frame, JournalStore } from "../../coordinator/ports/journal.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function collect(frames: AsyncIterable<Frame>): Promise<string[]> {
  const texts: string[] = [];
  for await (const frame of frames)
    texts.push(`${frame.index}:${frame.epoch}:${new TextDecoder().decode(frame.payload)}`);
  return texts;
}

/** What every journal adapter must do. */
export function journalContract(name: string, makeStore: () => Promise<JournalStore>): void {
  test(`${name}: frames come back in order, each after the one before it`, async () => {
    const store = await makeStore();
    const journal = await store.open("run-1");
    const large = "x".repeat(5_000);
    expect(await journal.append(bytes("a"), 1, 0)).toMatchObject({ kind: "durable", index: 0 });
    expect(await journal.append(bytes(large), 1, 1)).toMatchObject({ kind: "durable", index: 1 });
    expect(await journal.append(bytes("c"), 2, 2)).toMatchObject({ kind: "durable", index: 2 });
    expect(await collect(journal.read(0))).toEqual(["0:1:a", `1:1:${large}`, "2:2:c"]);
    expect(await collect(journal.read(2))).toEqual(["2:2:c"]);
    expect(await journal.length()).toBe(3);
    await store.close();
  });

  test(`${name}: an append that expects another length changes nothing and says so`, async () => {
    const store = await makeStore();
    const journal = await store.open("run-1");
    await journal.append(bytes("a"), 1, 0);
    expect(await journal.append(bytes("b"), 1, 0)).toEqual({ kind: "conflict", nextIndex: 1 });
    expect(await journal.append(bytes("b"), 1, 2)).toEqual({ kind: "conflict", nextIndex: 1 });
    expect(await collect(journal.read(0))).toEqual(["0:1:a"]);
    await store.close();
  });

  test(`${name}: journals are apart, listed by name, and removed one by one`, async () => {
    const store = await makeStore();
    const [one, two] = [await store.open("run-1"), await store.open("run-2")];
    await one.append(bytes("one"), 1, 0);
    await two.append(bytes("two"), 1, 0);
    expect(await store.list()).toEqual(["run-1", "run-2"]);
    await store.remove("run-1");
    expect(await store.list()).toEqual(["run-2"]);
    expect(await collect(two.read(0))).toEqual(["0:1:two"]);
    await store.close();
  });

  test(`${name}: a reader that closes its journal does not close it under a writer`, async () => {
    const store = await makeStore();
    const [writer, reader] = [await store.open("run-1"), await store.open("run-1")];
    await reader.close();
    expect(await writer.append(bytes("a"), 1, 0)).toMatchObject({ kind: "durable" });
    await store.close();
  });

  test(`${name}: a name that could leave the folder is refused`, async () => {
    const store = await makeStore();
    await expect(store.open("../outside")).rejects.toThrow(/not the name of a journal/);
    await store.close();
  });
}
