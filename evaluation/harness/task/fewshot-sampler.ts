// Which worked examples a prompt shows (`api/samplers.py`). The default sampler draws from one random stream while the
// documents go by, so each draw depends on all before it: a task is rendered in one pass, in document order.
import { equals } from "../python/equality.ts";
import { PythonError } from "../python/python-error.ts";
import { PythonRandom } from "../python/random.ts";
import { isTruthy } from "../python/truth.ts";
import type { PythonDict } from "../python/value.ts";

/** Draws the examples of one task. */
export interface FewshotSampler {
  /** `count` examples; `evaluated` is the document that must not be among them, or null where it cannot be. */
  sample(count: number, evaluated: PythonDict | null): readonly PythonDict[];
}

/** The sampler of this name over these documents. */
export function createSampler(name: "default" | "first_n", pool: readonly PythonDict[], seed: number): FewshotSampler {
  if (name === "first_n") return { sample: (count, evaluated) => takeFirst(pool, count, evaluated) };
  const random = new PythonRandom(seed);
  return { sample: (count, evaluated) => draw(random, pool, { count, evaluated }) };
}

function draw(
  random: PythonRandom,
  pool: readonly PythonDict[],
  { count, evaluated }: { readonly count: number; readonly evaluated: PythonDict | null },
): readonly PythonDict[] {
  if (count === 0) return [];
  if (evaluated === null || !isTruthy(evaluated)) {
    assertEnough(pool.length, count);
    return random.sample(pool, count);
  }
  assertEnough(pool.length, count + 1);
  const drawn = random.sample(pool, count + 1).filter((doc) => !equals(doc, evaluated));
  if (drawn.length >= count) return drawn.slice(0, count);
  // The document is in the pool more than once and was drawn more than once.
  const others = pool.filter((doc) => !equals(doc, evaluated));
  assertEnough(others.length, count);
  return random.sample(others, count);
}

function takeFirst(pool: readonly PythonDict[], count: number, evaluated: PythonDict | null): readonly PythonDict[] {
  const taken: PythonDict[] = [];
  for (const doc of pool) {
    if (taken.length === count) break;
    if (evaluated === null || !equals(doc, evaluated)) taken.push(doc);
  }
  assertEnough(taken.length, count);
  return taken;
}

function assertEnough(available: number, wanted: number): void {
  if (available >= wanted) return;
  throw new PythonError("ValueError", `${wanted} worked examples are to be drawn from ${available}`);
}
