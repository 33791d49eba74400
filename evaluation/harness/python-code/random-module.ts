// Python's `random`. Only streams that the code itself seeds are known; any other would differ from run to run.
import { Callable, type CallValues } from "../jinja/runtime-value.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { PythonRandom } from "../python/random.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import type { StepCounter } from "./runtime.ts";
import { isInt, isList, makeFloat, PythonObject, PythonTuple, type PythonValue } from "../python/value.ts";

/**
 * A stream of random numbers. It must be seeded in the very call that draws from it: the harness calls helpers several
 * times, so what a stream that goes on from call to call gives depends on its caches.
 */
class Stream extends PythonObject {
  readonly typeName = "Random";
  readonly #counter: StepCounter;
  #random: PythonRandom | null;
  #seededIn: number;

  constructor(counter: StepCounter, random: PythonRandom | null) {
    super();
    this.#counter = counter;
    this.#random = random;
    this.#seededIn = counter.calls;
  }

  attribute(name: string): PythonValue | undefined {
    if (name === "seed") {
      return new Callable((values) => {
        this.#random = seeded(values);
        this.#seededIn = this.#counter.calls;
        return null;
      });
    }
    const draw = Object.hasOwn(DRAWS, name) ? DRAWS[name]! : undefined;
    if (draw === undefined) return undefined;
    return new Callable((values) => {
      if (this.#random === null || this.#seededIn !== this.#counter.calls) {
        throw unsupported(`random.${name} without a seed in the same call: its results differ from run to run`);
      }
      return draw(this.#random, values);
    });
  }
}

function seeded({ positional: [seed], named }: CallValues): PythonRandom {
  const value = seed ?? named.get("a") ?? named.get("x") ?? null;
  if (!isInt(value)) throw unsupported("a random stream whose seed is not an int");
  return new PythonRandom(value);
}

function sequence(value: PythonValue | undefined): readonly PythonValue[] {
  if (
    value === undefined ||
    !(isList(value) || typeof value === "string" || value instanceof PythonTuple || value instanceof PythonObject)
  ) {
    throw unsupported("drawing from something else than a sequence");
  }
  return [...iterate(value)];
}

const DRAWS: { readonly [name: string]: (random: PythonRandom, values: CallValues) => PythonValue } = {
  random: (random) => makeFloat(random.random()),
  randint: (random, { positional: [low, high] }) => random.randomInteger(toIndex(low!), toIndex(high!)),
  randrange: (random, { positional: [first, second, step] }) =>
    second === undefined
      ? random.randomRange(0, toIndex(first!))
      : random.randomRange(toIndex(first!), toIndex(second), step === undefined ? 1 : toIndex(step)),
  choice: (random, { positional: [values] }) => random.choice(sequence(values)),
  choices: (random, { positional: [values], named }) => {
    if (named.has("weights")) throw unsupported("random.choices with weights");
    return random.choices(sequence(values), toIndex(named.get("k") ?? 1));
  },
  sample: (random, { positional: [values, count], named }) =>
    random.sample(sequence(values), toIndex(count ?? named.get("k") ?? 1)),
  shuffle: (random, { positional: [values] }) => {
    if (!isList(values)) throw new PythonError("TypeError", "only a list can be shuffled");
    random.shuffle(values as PythonValue[]);
    return null;
  },
  uniform: (random, { positional: [low, high] }) => makeFloat(random.uniform(Number(low), Number(high))),
};

/** Names of what a random stream has. */
export const RANDOM_MEMBERS: readonly string[] = [...Object.keys(DRAWS), "seed"];

/** A module `random` for one module's code: nobody else's draws disturb it, and it knows no seed until it is given one. */
export function makeRandomModule(counter: StepCounter): (name: string) => PythonValue | undefined {
  const global = new Stream(counter, null);
  return (name) =>
    name === "Random" ? new Callable((values) => new Stream(counter, seeded(values))) : global.attribute(name);
}
