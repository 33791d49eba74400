import { expect, test } from "vitest";
import { journalContract } from "../../../test/contract/journal.contract.ts";
import { MemoryJournalStore } from "./memory-journal-store.ts";

journalContract("memory journal", async () => new MemoryJournalStore());

test("memory journal: a full disk is a value, and an append after it succeeds", async () => {
  const store = new MemoryJournalStore();
  const journal = await store.open("run-1");
  store.faults.full = true;
  expect(await journal.append(new Uint8Array([1]), 1, 0)).toMatchObject({ kind: "noSpace" });
  store.faults.full = false;
  expect(await journal.append(new Uint8Array([1]), 1, 0)).toMatchObject({ kind: "durable", index: 0 });
});
