import { expect, test } from "vitest";
import { aRun, aShape } from "../../test/support/core-builders.ts";
import { CHOICE_TASK, storePlan } from "../../test/support/stored-run.ts";
import { SYSTEM_CLOCK } from "../../base/node/system-clock.ts";
import { MemoryBlobStore } from "../adapters/blobs/memory-blob-store.ts";
import { MemoryJournalStore } from "../adapters/journals/memory-journal-store.ts";
import type { Event } from "../core/event.ts";
import { type CoordinatorState, emptyState } from "../core/state.ts";
import { leaveOutBroken } from "./broken-submissions.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FullDisk } from "./full-disk.ts";
import { PlanStore } from "./plan-store.ts";
import { recover, type Recovered } from "./recovery.ts";

test("a run that nobody was promised is left out where its plan is gone, and begins anew when it is sent again", async () => {
  const journals = new MemoryJournalStore();
  const plan = await storePlan(new MemoryBlobStore(), { tasks: [CHOICE_TASK], samplesPerTask: 3 });
  const lost = await new PlanStore(new MemoryBlobStore()).saveManifest(plan);
  const blobs = new MemoryBlobStore();
  await storePlan(blobs, { tasks: [CHOICE_TASK], samplesPerTask: 3 });
  const whole = await new PlanStore(blobs).saveManifest(plan);
  expect(whole).toBe(lost);
  const accepted = (runId: string): Event => {
    const shape = { ...aShape({ samples: 3 }), manifestBlob: whole };
    return { kind: "RunAccepted", runId, run: aRun({ runId }), shape };
  };
  const open = async (plans: PlanStore): Promise<Recovered & { readonly state: CoordinatorState }> => {
    const state = emptyState();
    return { state, ...(await leaveOutBroken(await recover(journals, state, 0), state, plans)) };
  };
  const write = (events: readonly Event[], epoch: number, lengths: Recovered["lengths"]): Promise<void> =>
    new FrameWriter({ store: journals, lengths, fullDisk: new FullDisk(SYSTEM_CLOCK, () => {}) }).append(events, epoch);

  await write([{ kind: "EpochStarted", epoch: 2 }], 2, new Map());
  await write([accepted("r1")], 1, new Map());
  const found = await open(new PlanStore(blobs));
  expect([[...found.state.runs.keys()], found.unlisted]).toEqual([["r1"], ["r1"]]);

  const left = await open(new PlanStore(new MemoryBlobStore()));
  expect([[...left.state.runs.keys()], left.unlisted]).toEqual([[], []]);
  await write([accepted("r1"), { kind: "RunListed", run: aRun() }], 2, left.lengths);
  const again = await open(new PlanStore(blobs));
  expect([[...again.state.runs.keys()], again.unlisted]).toEqual([["r1"], []]);
});
