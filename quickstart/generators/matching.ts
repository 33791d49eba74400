import type { SeededRandom } from "../seeded-random.ts";
import type { Document, Splits } from "./document.ts";

/** Kinds of things; no word fits two kinds. */
const KINDS: readonly (readonly string[])[] = [
  ["apple", "pear", "plum", "cherry", "grape", "peach"],
  ["dog", "horse", "rabbit", "lion", "tiger", "sheep"],
  ["hammer", "saw", "drill", "pliers", "wrench", "chisel"],
  ["red", "blue", "green", "yellow", "purple", "pink"],
  ["piano", "violin", "guitar", "trumpet", "flute", "drum"],
  ["car", "bus", "train", "truck", "tram", "bicycle"],
  ["shirt", "jacket", "trousers", "sock", "scarf", "glove"],
  ["table", "chair", "sofa", "bed", "desk", "cupboard"],
];
const TEST_COUNT = 40;
const TRAIN_COUNT = 4;
const CHOICES = 4;

/** Matching: two words of one kind; of four words, only one is of that kind too. */
export function generateMatching(random: SeededRandom): Splits {
  return {
    train: Array.from({ length: TRAIN_COUNT }, () => oneDocument(random)),
    test: Array.from({ length: TEST_COUNT }, () => oneDocument(random)),
  };
}

function oneDocument(random: SeededRandom): Document {
  const [kind = [], ...otherKinds] = random.sample(KINDS, CHOICES);
  const [first = "", second = "", right = ""] = random.sample(kind, 3);
  const choices = random.shuffle([right, ...otherKinds.map((words) => random.pick(words))]);
  return { first, second, choices, answer: choices.indexOf(right) };
}
