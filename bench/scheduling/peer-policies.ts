// How other tools deal samples out, on the same simulated slots, with no latency but where one is given and with lengths
// that they know to the token, which none of them does. Each follows a file of the tool:
// - lm-eval: lm_eval/models/vllm_causallms.py sorts by length, deals interleaved to replicas, and waits for all.
// - lighteval: src/lighteval/models/vllm/vllm_model.py deals interleaved, unsorted.
// - NeMo: nemo_skills/utils.py (chunks of a data set as jobs of their own): one contiguous piece for each.
// - OpenCompass: opencompass/partitioners/size.py cuts pieces of equal cost, the dearest first; a worker takes the next
//   one when it has ended all of the last. Each is a fresh process (opencompass/runners/local.py) that loads the model.
// - olmo-eval: src/olmo_eval/runners/asynq/queue.py holds single samples; each worker takes one when it has room.
import { VirtualClock } from "../../test/simulation/virtual-clock.ts";
import { type ClusterWish, type Outcome, strikeSlot } from "./cluster-model.ts";
import { SlotModel } from "./slot-model.ts";

/** Starting an engine with its weights, which each piece of OpenCompass does; short for what it is. */
const LOAD_MS = 20_000;

/** Takes a slot's number and gives it the next samples to compute, or none for ever; called whenever it has ended some. */
type Deal = (slot: number, running: number) => { readonly samples: readonly number[]; readonly afterMs?: number };

/** Each slot has its samples from the start: `assign` says which slot computes a sample. */
function runStatic(wish: ClusterWish, order: readonly number[], assign: (rank: number) => number): Outcome {
  const shares = wish.slots.map((): number[] => []);
  order.forEach((sample, rank) => shares[assign(rank)]!.push(sample));
  const next = wish.slots.map(() => 0);
  return live(wish, 0, (slot, running) => {
    const from = next[slot]!;
    next[slot] = Math.min(shares[slot]!.length, from + wish.concurrency - running);
    return { samples: shares[slot]!.slice(from, next[slot]) };
  });
}

/** Sorted by length, dealt interleaved. */
export function runLmEval(wish: ClusterWish): Outcome {
  return runStatic(wish, longestFirst(wish), (rank) => rank % wish.slots.length);
}

/** Dealt interleaved as they come. */
export function runLighteval(wish: ClusterWish): Outcome {
  return runStatic(wish, [...wish.suite.tokens.keys()], (rank) => rank % wish.slots.length);
}

/** One contiguous piece for each slot, of as many tokens as any other. */
export function runNemo(wish: ClusterWish): Outcome {
  const { tokens } = wish.suite;
  const total = tokens.reduce((sum, count) => sum + count, 0);
  const before = new Float64Array(tokens.length);
  for (let rank = 1; rank < tokens.length; rank++) before[rank] = before[rank - 1]! + tokens[rank - 1]!;
  const piece = (rank: number): number => Math.floor((before[rank]! / total) * wish.slots.length);
  return runStatic(wish, [...tokens.keys()], (rank) => Math.min(wish.slots.length - 1, piece(rank)));
}

/** Pieces of so many tokens, the longest samples in the first; a slot takes the next one when it has ended its last. */
export function runOpenCompass(wish: ClusterWish, pieceTokens: number): Outcome {
  const { tokens } = wish.suite;
  const pieces: number[][] = [];
  let left = 0;
  for (const sample of longestFirst(wish)) {
    if (left <= 0) {
      pieces.push([]);
      left = pieceTokens;
    }
    pieces.at(-1)!.push(sample);
    left -= tokens[sample]!;
  }
  const open = wish.slots.map((): number[] => []);
  return live(wish, 0, (slot, running) => {
    const isNext = open[slot]!.length === 0 && running === 0;
    if (isNext) open[slot] = pieces.shift() ?? [];
    return { samples: open[slot]!.splice(0, wish.concurrency - running), afterMs: isNext ? LOAD_MS : 0 };
  });
}

/** One queue, longest first, of which each slot takes a sample whenever it has room, a round trip later. */
export function runPullQueue(wish: ClusterWish): Outcome {
  const order = longestFirst(wish);
  let next = 0;
  const outcome = live(wish, wish.roundTripMs, (_slot, running) => {
    const from = next;
    next = Math.min(order.length, from + wish.concurrency - running);
    return { samples: order.slice(from, next) };
  });
  return { ...outcome, messages: 2 * order.length };
}

function longestFirst({ suite: { tokens } }: ClusterWish): number[] {
  return [...tokens.keys()].sort((left, right) => tokens[right]! - tokens[left]!);
}

/** Lives through a suite; what a slot is dealt reaches it so much later. */
function live(wish: ClusterWish, delayMs: number, deal: Deal): Outcome {
  const clock = new VirtualClock();
  const slots = wish.slots.map((speed) => new SlotModel(clock, speed));
  const held = slots.map(() => 0);
  let [done, lastMs] = [0, 0];
  const fill = (slot: number): void => {
    const { samples, afterMs = 0 } = deal(slot, held[slot]!);
    held[slot]! += samples.length;
    for (const sample of samples) {
      clock.after(delayMs + afterMs, () => {
        slots[slot]!.start(wish.suite.tokens[sample]!, () => {
          held[slot]! -= 1;
          done += 1;
          lastMs = clock.nowMs;
          fill(slot);
        });
      });
    }
  };
  slots.forEach((_, slot) => fill(slot));
  for (const event of wish.events ?? []) clock.after(event.atMs, () => strikeSlot(slots[event.slot]!, event.kind));
  while (done < wish.suite.tokens.length) {
    if (!clock.advance(Number.MAX_SAFE_INTEGER)) throw new Error("samples were never dealt out");
  }
  return { makespanMs: lastMs, extraTokens: 0, extraSamples: 0, messages: 0 };
}
