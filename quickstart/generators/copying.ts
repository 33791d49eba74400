import type { SeededRandom } from "../seeded-random.ts";
import type { Document, Splits } from "./document.ts";

const WORDS =
  "river stone candle window garden silver bread cloud forest mirror paper bridge lemon winter button pepper rocket island ladder pocket".split(
    " ",
  );
const TEST_COUNT = 30;
const TRAIN_COUNT = 8;

/** Following a format: write the given words, in their order, with commas between them. */
export function generateCopying(random: SeededRandom): Splits {
  return {
    train: Array.from({ length: TRAIN_COUNT }, () => oneDocument(random)),
    test: Array.from({ length: TEST_COUNT }, () => oneDocument(random)),
  };
}

function oneDocument(random: SeededRandom): Document {
  const words = random.sample(WORDS, random.between(2, 4));
  return { words: words.join(" "), line: words.join(", ") };
}
