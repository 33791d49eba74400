// Corpora of references and predictions: overlapping, reordered, empty, nasty.
import { PythonRandom } from "../../evaluation/harness/python/random.ts";
import { randomText } from "./random-texts.ts";

/** One text that is right, or several. */
export type Reference = string | readonly string[];

/** Pairs of what is right and what was said. */
export type RandomCorpus = readonly (readonly [reference: Reference, prediction: string])[];

const WORDS = [
  ...[
    "the",
    "The",
    "cat",
    "cats",
    "on",
    "mat.",
    "mat",
    ".",
    ",",
    "1,000",
    "3.14",
    "7-8",
    "(hi)",
    '"so"',
    "it's",
    "e.g.",
  ],
  ...[
    "&quot;",
    "&amp;lt;",
    "<skipped>",
    "well-\nknown",
    "naïve",
    "nai\u0308ve",
    "雪が降る",
    "日本",
    "🙂",
    "Straße",
    "ΑΣ",
  ],
  ...["a\u00a0b", "\u1c90", "$5", "50%", "x/y", "…", "«q»", "-", "İ", "\u0085", "\t", "A.", ".5", "3.", "5,"],
];

/** Equal seeds give equal corpora. */
export function randomCorpora(seed: number, count: number): RandomCorpus[] {
  const random = new PythonRandom(seed);
  return Array.from({ length: count }, () => randomCorpus(random));
}

/** A text and what a model might make of it. */
export function randomPair(random: PythonRandom, longest: number): [reference: string, prediction: string] {
  if (random.randomBelow(5) === 0) return [randomText(random, 30), randomText(random, 30)];
  const vocabulary = random.randomBelow(2) === 0 ? WORDS : WORDS.slice(0, 4 + random.randomBelow(8));
  const words = Array.from({ length: random.randomBelow(longest) }, () => random.choice(vocabulary));
  return [words.join(" "), changed(random, words, vocabulary).join(random.randomBelow(6) === 0 ? "  " : " ")];
}

function randomCorpus(random: PythonRandom): RandomCorpus {
  const size = random.randomBelow(4) === 0 ? 1 : 2 + random.randomBelow(9);
  const longest = random.choice([3, 12, 12, 30, 90]);
  const shape = random.choice(["text", "text", "even", "ragged"]);
  const references = 1 + random.randomBelow(3);
  const corpus = Array.from({ length: size }, (): readonly [Reference, string] => {
    const [reference, prediction] = randomPair(random, longest);
    if (shape === "text") return [reference, prediction];
    const count = shape === "even" ? references : 1 + random.randomBelow(3);
    return [[reference, ...Array.from({ length: count - 1 }, () => randomPair(random, longest)[0])], prediction];
  });
  return random.randomBelow(5) === 0 ? [...corpus, ...corpus] : corpus;
}

/** Words dropped, replaced, doubled, and runs of them moved. */
function changed(random: PythonRandom, words: readonly string[], vocabulary: readonly string[]): string[] {
  const kind = random.randomBelow(8);
  if (kind === 0) return [...words];
  if (kind === 1) return words.slice(0, random.randomBelow(3));
  if (kind === 2) return [];
  const result = [...words];
  for (let change = random.randomBelow(6); change > 0 && result.length > 0; change -= 1) {
    const start = random.randomBelow(result.length);
    const run = result.splice(start, 1 + random.randomBelow(5));
    const target = random.randomBelow(result.length + 1);
    if (random.randomBelow(3) > 0) result.splice(target, 0, ...run);
    else result.splice(target, 0, random.choice(vocabulary));
  }
  return result;
}
