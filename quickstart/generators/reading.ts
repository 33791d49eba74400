import { assert } from "../../base/assert.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { Document, Splits } from "./document.ts";

const NAMES = ["Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Iris", "Jack", "Lucy", "Tom"];
const THINGS = ["book", "cup", "hat", "key", "letter", "lamp", "ball", "coat", "map", "phone"];
const PLACES = ["in the kitchen", "in the garden", "on the shelf", "under the bed", "in the car", "on the table"];
const FOODS = ["soup", "rice", "pizza", "salad", "fish", "cake", "bread", "cheese"];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const COUNT = 40;
const CHOICES = 3;

/** A short passage, and the question about one of its three sentences. */
type Story = {
  readonly passage: string;
  readonly question: string;
  readonly choices: readonly string[];
  readonly right: string;
};

/** Reading: the answer stands in the passage and is given by its letter. */
export function generateReading(random: SeededRandom): Splits {
  const stories = [whereThingsAre, whoTookWhat, whoLikesWhat, whenTheyLeft];
  return {
    test: Array.from({ length: COUNT }, (_, index): Document => {
      const tell = stories[index % stories.length];
      assert(tell !== undefined, "a remainder is a position in its list");
      const { right, choices, ...rest } = tell(random);
      const shuffled = random.shuffle(choices);
      return { ...rest, choices: shuffled, answer: shuffled.indexOf(right) };
    }),
  };
}

function whereThingsAre(random: SeededRandom): Story {
  const [things, places] = [random.sample(THINGS, CHOICES), random.sample(PLACES, CHOICES)];
  const asked = random.below(CHOICES);
  return {
    passage: things.map((thing, index) => `The ${thing} is ${at(places, index)}.`).join(" "),
    question: `Where is the ${at(things, asked)}?`,
    choices: places,
    right: at(places, asked),
  };
}

function whoTookWhat(random: SeededRandom): Story {
  const [names, things] = [random.sample(NAMES, CHOICES), random.sample(THINGS, CHOICES)];
  const asked = random.below(CHOICES);
  return {
    passage: names.map((name, index) => `${name} took the ${at(things, index)}.`).join(" "),
    question: `Who took the ${at(things, asked)}?`,
    choices: names,
    right: at(names, asked),
  };
}

function whoLikesWhat(random: SeededRandom): Story {
  const [names, foods] = [random.sample(NAMES, CHOICES), random.sample(FOODS, CHOICES)];
  const asked = random.below(CHOICES);
  return {
    passage: names.map((name, index) => `${name} likes ${at(foods, index)}.`).join(" "),
    question: `What does ${at(names, asked)} like?`,
    choices: foods,
    right: at(foods, asked),
  };
}

function whenTheyLeft(random: SeededRandom): Story {
  const [names, days] = [random.sample(NAMES, CHOICES), random.sample(DAYS, CHOICES)];
  const asked = random.below(CHOICES);
  return {
    passage: names.map((name, index) => `${name} left on ${at(days, index)}.`).join(" "),
    question: `When did ${at(names, asked)} leave?`,
    choices: days.map((day) => `on ${day}`),
    right: `on ${at(days, asked)}`,
  };
}

function at(list: readonly string[], index: number): string {
  const found = list[index];
  assert(found !== undefined, "every story has as many words as choices");
  return found;
}
