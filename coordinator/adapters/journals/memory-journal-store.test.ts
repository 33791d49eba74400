import { journalContract } from "../../../test/contract/journal.contract.ts";
import { MemoryJournalStore } from "./memory-journal-store.ts";

journalContract("memory journal", async () => {
  const store = new MemoryJournalStore();
  return {
    store,
    again: async () => store,
    plant: async (name, frame, damaged = false) => store.plant(name, frame, damaged ? "0".repeat(64) : undefined),
    small: async () => {
      store.faults.bytesMax = 200_000;
      const makeRoom = async (): Promise<MemoryJournalStore> => {
        store.faults.bytesMax = Number.POSITIVE_INFINITY;
        return store;
      };
      return { store, makeRoom };
    },
  };
});
