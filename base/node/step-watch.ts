// Notices a thread that stays at one step. Regular expressions can take longer than the universe lasts on a text of
// forty characters, in Python as here, and nothing in the same thread could stop them. So the thread notes in shared
// memory which step it is at, and who started it looks on.

const LOOKS = 20;
const NO_STEP = -1;

/** Shared memory for the number of the step at hand. */
export function openStepMark(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4)).fill(NO_STEP);
}

/** Marks a step, a number from 0, while it is done. */
export function markStep<Result>(mark: Int32Array, step: number, act: () => Result): Result {
  Atomics.store(mark, 0, step);
  try {
    return act();
  } finally {
    Atomics.store(mark, 0, NO_STEP);
  }
}

/**
 * Calls back once, with the step, when a thread has been at one step for the limit. Looks are counted, not the clock, so
 * that a machine which slept is not taken for a slow one. Returns what ends the watch.
 */
export function watchSteps(mark: Int32Array, limitMs: number, onStuck: (step: number) => void): () => void {
  let [seen, looks] = [NO_STEP, 0];
  const timer = setInterval(() => {
    const step = Atomics.load(mark, 0);
    looks = step !== NO_STEP && step === seen ? looks + 1 : 0;
    seen = step;
    if (looks < LOOKS) return;
    clearInterval(timer);
    onStuck(step);
  }, limitMs / LOOKS);
  timer.unref();
  return () => clearInterval(timer);
}
