import { expect, test } from "vitest";
import { type ClusterWish, runMuster } from "./cluster-model.ts";
import { runLmEval } from "./peer-policies.ts";
import { mixedSuite } from "./suites.ts";

/** Two fast slots and a slow one; 3,000 samples, about 140 s of work. */
const WISH: ClusterWish = {
  suite: mixedSuite(1, 0.05),
  slots: [1, 1, 0.25].map((share) => ({ tokensPerSecond: 2_800 * share, sequenceTokensPerSecond: 80 * share })),
  concurrency: 45,
  roundTripMs: 10,
};
const BOUND_MS = (1_000 * WISH.suite.tokens.reduce((sum, count) => sum + count, 0)) / (2.25 * 2_800);

test("slots of different speeds end almost together, and a run takes hardly longer than all of it on all of them", () => {
  const { makespanMs, extraTokens } = runMuster(WISH);
  expect(makespanMs / BOUND_MS).toBeLessThan(1.15);
  expect(extraTokens).toBeLessThan(0.01);
  expect(runLmEval(WISH).makespanMs / makespanMs).toBeGreaterThan(1.3);
});

test("one slot drains, one is lost and one comes: the run ends, and takes as long as the others need for it", () => {
  const slots = [...WISH.slots, ...WISH.slots];
  const events = [
    { atMs: 10_000, slot: 5, kind: "join" },
    { atMs: 25_000, slot: 2, kind: "drain" },
    { atMs: 30_000, slot: 3, kind: "lost" },
  ] as const;
  const { makespanMs } = runMuster({ ...WISH, slots, events });
  // Two slots go after half a minute, so that 3.25 of 4.5 are left; what the lost one had waits until its leases expire.
  expect(makespanMs).toBeLessThan(BOUND_MS);
});
