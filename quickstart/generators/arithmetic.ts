import type { SeededRandom } from "../seeded-random.ts";
import type { Document, Splits } from "./document.ts";

const NAMES = ["Anna", "Ben", "Clara", "David", "Emma", "Frank"];
const THINGS = ["apples", "books", "coins", "stamps", "pencils", "shells"];
const TEST_COUNT = 40;
const TRAIN_COUNT = 12;

/** Small sums and one-step stories whose answer is a number from 0 to 20; no question comes twice. */
export function generateArithmetic(random: SeededRandom): Splits {
  const seen = new Set<string>();
  const documents: Document[] = [];
  while (documents.length < TRAIN_COUNT + TEST_COUNT) {
    const question = random.below(2) === 0 ? sum(random) : story(random);
    if (seen.has(question.question)) continue;
    seen.add(question.question);
    documents.push(question);
  }
  return { train: documents.slice(0, TRAIN_COUNT), test: documents.slice(TRAIN_COUNT) };
}

type Question = { readonly question: string; readonly answer: string };

function sum(random: SeededRandom): Question {
  const [left, right] = [random.between(1, 10), random.between(1, 10)];
  if (random.below(2) === 0) return { question: `What is ${left} + ${right}?`, answer: `${left + right}` };
  return { question: `What is ${left + right} - ${right}?`, answer: `${left}` };
}

function story(random: SeededRandom): Question {
  const [name, things] = [random.pick(NAMES), random.pick(THINGS)];
  const [had, change] = [random.between(3, 10), random.between(2, 9)];
  if (random.below(2) === 0) {
    return {
      question: `${name} has ${had} ${things} and gets ${change} more. How many ${things} does ${name} have now?`,
      answer: `${had + change}`,
    };
  }
  return {
    question: `${name} has ${had + change} ${things} and gives away ${change}. How many ${things} are left?`,
    answer: `${had}`,
  };
}
