import { type Event, journalOf } from "../../coordinator/core/event.ts";
import { decodeEvents, encodeEvents } from "../../coordinator/shell/event-encoding.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import type { ProcessLife } from "./process-life.ts";

const CLUSTER = "cluster";
/** Slowest append of a frame, milliseconds. */
const APPEND_MAX_MS = 30;

/**
 * The coordinator's disk: one journal for each run and one for the cluster, as coordinator/shell/frame-writer.ts writes
 * them. It survives its coordinators. A frame that is being written when the process dies is kept, or not.
 */
export class JournalDisk {
  readonly #random: SeededRandom;
  readonly #journals = new Map<string, Uint8Array[]>();
  readonly #onDurable: (events: readonly Event[]) => void;
  /** Frames that are being written. */
  #writing = new Map<string, Uint8Array>();

  constructor(random: SeededRandom, onDurable: (events: readonly Event[]) => void) {
    this.#random = random;
    this.#onDurable = onDurable;
  }

  get isIdle(): boolean {
    return this.#writing.size === 0;
  }

  /** Writes events, those of runs first; `done` is called when all are durable. */
  append(life: ProcessLife, events: readonly Event[], done: () => void): void {
    const ofRuns = new Map<string, Event[]>();
    const ofCluster: Event[] = [];
    for (const event of events) {
      const runId = journalOf(event);
      if (runId === null) ofCluster.push(event);
      else ofRuns.set(runId, [...(ofRuns.get(runId) ?? []), event]);
    }
    let left = ofRuns.size;
    const last = (): void => (ofCluster.length > 0 ? this.#write(life, CLUSTER, ofCluster, done) : done());
    if (left === 0) return last();
    for (const [runId, some] of ofRuns) {
      this.#write(life, runId, some, () => {
        left -= 1;
        if (left === 0) last();
      });
    }
  }

  /** The writing process died. */
  cutOff(): void {
    for (const [name, frame] of this.#writing) if (this.#random.below(2) === 0) this.#keep(name, frame);
    this.#writing = new Map();
  }

  /** All that is durable: the cluster's events, then each run's, in order. */
  read(): Event[] {
    const names = [CLUSTER, ...[...this.#journals.keys()].filter((name) => name !== CLUSTER)];
    return names.flatMap((name) => (this.#journals.get(name) ?? []).flatMap((frame) => [...decodeEvents(frame, name)]));
  }

  #write(life: ProcessLife, name: string, events: readonly Event[], done: () => void): void {
    const frame = encodeEvents(events);
    this.#writing.set(name, frame);
    life.after(this.#random.below(APPEND_MAX_MS), () => {
      this.#writing.delete(name);
      this.#keep(name, frame);
      done();
    });
  }

  #keep(name: string, frame: Uint8Array): void {
    const frames = this.#journals.get(name) ?? [];
    frames.push(frame);
    this.#journals.set(name, frames);
    this.#onDurable(decodeEvents(frame, name));
  }
}
