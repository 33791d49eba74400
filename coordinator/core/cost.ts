import type { CoordinatorState, RunState, SlotState } from "./state.ts";

/** Predictions are trusted as if so much of a run had come true: the first samples that are done say little of the rest. */
const TRUSTED_SHARE = 0.02;

/** How many tokens a run takes for each that was foretold, by what it has shown. */
export function shownShare(run: RunState): number {
  const shown = run.promptTokens + run.completionTokens;
  const trusted = TRUSTED_SHARE * run.costTokensTotal;
  return shown > 0 ? (shown + trusted) / (run.costTokensDone + trusted) : 1;
}

/** What a sample takes, tokens, by its prediction and by how far the run's predictions have been off. */
export function expectedTokens(run: RunState, sample: number): number {
  return Math.max(1, run.shape.sampleCostTokens[sample]! * shownShare(run));
}

/** A slot is well slower than another below this share of its speed. */
const SLOWER_SHARE = 0.7;
/** A slot that did nothing and was given nothing for so long is not counted on. */
const ALIVE_MS = 60_000;

interface WithSlot {
  readonly slot: SlotState;
}

/** Whether other slots that work compute a sample well faster. */
export function isSlower(state: CoordinatorState, { slot }: WithSlot, slots: readonly WithSlot[]): boolean {
  let fastest = 0;
  for (const { slot: other } of slots) {
    const isAlive = (state.lastInputMs ?? 0) - other.progressAtMs < ALIVE_MS;
    if (isAlive) fastest = Math.max(fastest, other.sampleTokensPerSecond);
  }
  return slot.sampleTokensPerSecond < SLOWER_SHARE * fastest;
}

/** How long the rest of a run takes all these slots together. */
export function secondsLeft(run: RunState, slots: readonly WithSlot[]): number {
  const speed = slots.reduce((sum, { slot }) => sum + slot.tokensPerSecond, 0);
  return ((run.costTokensTotal - run.costTokensDone) * shownShare(run)) / speed;
}
