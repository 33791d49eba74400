import { assert } from "../../base/assert.ts";
import type { RequestKind } from "../../evaluation/request.ts";
import type { PlanShape } from "./input.ts";

/** Waiting samples of about the same cost, in plan order. */
export interface CostRange {
  /** No sample of it costs more, tokens. */
  readonly costMax: number;
  /** Everything of it before this position of the queue's order was granted before. */
  cursor: number;
  readonly end: number;
}

/** Samples waiting for a slot, of one request kind. */
export interface SampleQueue {
  /** Sample positions, most expensive first. */
  readonly order: Uint32Array;
  /** The parts of `order`, most expensive first. */
  readonly ranges: readonly CostRange[];
  /** Samples that came back; granted before the rest. */
  readonly returned: number[];
}

/** Costs are estimates: within a factor of the square root of two they count as equal. */
const RANKS_PER_DOUBLING = 2;
const RANKS = 256;

/**
 * One queue for each request kind, most expensive sample first. Equal ones keep plan order: prompts with the same
 * beginning stay together, and a lease touches few packs of the plan.
 */
export function buildQueues(shape: PlanShape): Map<RequestKind, SampleQueue> {
  const ranks = Uint8Array.from(shape.sampleCostTokens, (cost) => RANKS_PER_DOUBLING * Math.log2(Math.max(1, cost)));
  const kindOf = (sample: number): RequestKind => shape.taskKinds[shape.sampleTask[sample]!]!;
  const queues = new Map<RequestKind, SampleQueue>();
  for (const kind of new Set(shape.taskKinds)) {
    const queue = sortByRank(ranks, (sample) => kindOf(sample) === kind);
    if (queue.order.length > 0) queues.set(kind, queue);
  }
  return queues;
}

/** A counting sort: highest rank first, and equal ones in their order. */
function sortByRank(ranks: Uint8Array, isWanted: (position: number) => boolean): SampleQueue {
  const counts = new Uint32Array(RANKS);
  for (let position = 0; position < ranks.length; position++) {
    if (isWanted(position)) counts[ranks[position]!]! += 1;
  }
  const nextOf = new Uint32Array(RANKS);
  const ranges: CostRange[] = [];
  let total = 0;
  for (let rank = RANKS - 1; rank >= 0; rank--) {
    nextOf[rank] = total;
    const cursor = total;
    total += counts[rank]!;
    if (total > cursor) ranges.push({ costMax: 2 ** ((rank + 1) / RANKS_PER_DOUBLING), cursor, end: total });
  }
  const order = new Uint32Array(total);
  for (let position = 0; position < ranks.length; position++) {
    if (isWanted(position)) order[nextOf[ranks[position]!]!++] = position;
  }
  return { order, ranges, returned: [] };
}

/** The queue that a sample waits in. */
export function queueOf(
  queues: ReadonlyMap<RequestKind, SampleQueue>,
  { taskKinds, sampleTask }: PlanShape,
  sample: number,
): SampleQueue {
  const queue = queues.get(taskKinds[sampleTask[sample]!]!);
  assert(queue !== undefined, `no queue for sample ${sample}`);
  return queue;
}
