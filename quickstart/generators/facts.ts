import type { SeededRandom } from "../seeded-random.ts";
import type { Document, Splits } from "./document.ts";

/** Things that everybody knows: a question about the left side of a pair is answered by its right side. */
const RELATIONS: readonly { readonly ask: (subject: string) => string; readonly pairs: readonly string[] }[] = [
  {
    ask: (subject) => `What is the young of a ${subject} called?`,
    pairs: [
      "dog:puppy",
      "cat:kitten",
      "cow:calf",
      "sheep:lamb",
      "horse:foal",
      "duck:duckling",
      "pig:piglet",
      "bear:cub",
    ],
  },
  {
    ask: (subject) => `What does a person use to ${subject}?`,
    pairs: [
      "drive in a nail:hammer",
      "sweep the floor:broom",
      "tell the time:clock",
      "eat soup:spoon",
      "stay dry in the rain:umbrella",
      "open a locked door:key",
      "slice bread:knife",
      "look at distant stars:telescope",
      "dig a hole:shovel",
    ],
  },
  {
    ask: (subject) => `What is the capital of ${subject}?`,
    pairs: [
      "France:Paris",
      "Japan:Tokyo",
      "Italy:Rome",
      "Egypt:Cairo",
      "Germany:Berlin",
      "Spain:Madrid",
      "Greece:Athens",
      "Norway:Oslo",
      "Kenya:Nairobi",
    ],
  },
  {
    ask: (subject) => `What is the opposite of ${subject}?`,
    pairs: [
      "hot:cold",
      "early:late",
      "empty:full",
      "heavy:light",
      "loud:quiet",
      "narrow:wide",
      "cheap:expensive",
      "asleep:awake",
    ],
  },
  {
    ask: (subject) => `Where would you go to ${subject}?`,
    pairs: [
      "borrow a book:a library",
      "buy fresh bread:a bakery",
      "catch a train:a railway station",
      "see a doctor:a hospital",
      "watch a film:a cinema",
      "board a plane:an airport",
      "post a letter:a post office",
      "swim indoors:a swimming pool",
    ],
  },
  {
    ask: (subject) => `What colour is ${subject}?`,
    pairs: [
      "fresh grass:green",
      "clean snow:white",
      "a ripe banana:yellow",
      "coal:black",
      "a cloudless sky at noon:blue",
      "a ripe strawberry:red",
      "chocolate:brown",
      "a carrot:orange",
    ],
  },
];

const CHOICES = 4;

/** Everyday knowledge: a question and four answers of the same sort, one of them right. All 50 pairs, in random order. */
export function generateFacts(random: SeededRandom): Splits {
  return { test: random.shuffle(RELATIONS.flatMap((relation) => documentsOf(relation, random))) };
}

function documentsOf(relation: (typeof RELATIONS)[number], random: SeededRandom): Document[] {
  const pairs = relation.pairs.map((pair) => pair.split(":") as [string, string]);
  return pairs.map(([subject, right]) => {
    const others = pairs.map(([, answer]) => answer).filter((answer) => answer !== right);
    const choices = random.shuffle([right, ...random.sample(others, CHOICES - 1)]);
    return { question: relation.ask(subject), choices, answer: choices.indexOf(right) };
  });
}
