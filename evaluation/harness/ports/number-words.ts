// Numbers written as English words, as the `word2number` package (1.1) reads them for the harness.
import { lower } from "../python/letter-case.ts";
import { PythonError } from "../python/python-error.ts";
import { compilePythonRegex } from "../python/regex.ts";
import { split } from "../python/split.ts";

const SMALL_WORDS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
  "eighteen nineteen";
const TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety";

const VALUES: ReadonlyMap<string, number> = new Map([
  ...SMALL_WORDS.split(" ").map((word, value) => [word, value] as const),
  ...TENS_WORDS.split(" ").map((word, position) => [word, (position + 2) * 10] as const),
  ["hundred", 100],
  ["thousand", 1000],
  ["million", 1000000],
  ["billion", 1000000000],
]);

const WORD =
  "zero|one|two|three|four|five|(?:twen|thir|for|fif|six|seven|nine)(?:#TEEN)|eight(?:#EEN)|ten|eleven|twelve|fourteen|" +
  "hundred|thousand|(?:m|b|tr)illion";
// White space of Unicode without the ends of lines: what `[^\S\r\n]` means to the `regex` module.
const BLANK = "[\\t\\v\\f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
// The three copies of the word differ in where "six" and "eight" may stand alone, as they do in the harness.
const word = (teen: string, eight: string): string => WORD.replace("#TEEN", teen).replace("#EEN", eight);
const FIRST_WORD = word("teen|ty", "|een|y");
const NEXT_WORD = word("|teen|ty", "een|y");
const LAST_WORD = word("teen|ty", "een|y");
const NUMBER_WORDS = compilePythonRegex(`((?:(?:${FIRST_WORD})(?:${NEXT_WORD}|${BLANK}|,|and|&)+)?(?:${LAST_WORD}))`);

/** All runs of number words in a lower-case text. */
export function findNumberWords(text: string): string[] {
  return NUMBER_WORDS.findall(text) as string[];
}

/** The number that English words name. Throws ValueError and IndexError where the package does. */
export function numberOfWords(text: string): number {
  const words = split(lower(text.replaceAll("-", " "))).filter((word) => VALUES.has(word));
  if (words.length === 0) throw new PythonError("ValueError", "no number words found");
  for (const scale of ["thousand", "million", "billion"]) {
    if (words.filter((word) => word === scale).length > 1) {
      throw new PythonError("ValueError", `${scale} stands twice in the number`);
    }
  }
  const [billion, million, thousand] = ["billion", "million", "thousand"].map((scale) => words.indexOf(scale)) as [
    number,
    number,
    number,
  ];
  const isOutOfOrder =
    (thousand > -1 && (thousand < million || thousand < billion)) || (million > -1 && million < billion);
  if (isOutOfOrder) throw new PythonError("ValueError", "the parts of the number are out of order");
  if (words.length === 1) return VALUES.get(words[0]!)!;
  const larger = billion > -1 ? combine(words.slice(0, billion)) * 1e9 : 0;
  const millions = million > -1 ? combine(words.slice(billion + 1, million)) * 1e6 : 0;
  const startOfThousands = million > -1 ? million + 1 : billion + 1;
  const thousands = thousand > -1 ? combine(words.slice(startOfThousands, thousand)) * 1000 : 0;
  return larger + millions + thousands + hundreds(words, [thousand, million, billion]);
}

/** What follows the last scale word; where the number ends with one, what follows the next larger that is not last. */
function hundreds(words: readonly string[], scales: readonly number[]): number {
  if (scales.every((scale) => scale === -1)) return combine(words);
  const from = scales.find((scale) => scale > -1 && scale !== words.length - 1);
  return from === undefined ? 0 : combine(words.slice(from + 1));
}

/** Up to four number words below a scale: "two hundred forty five". */
function combine(words: readonly string[]): number {
  const numbers = words.map((word) => VALUES.get(word)!);
  const [first, second, third, fourth] = numbers;
  if (first === undefined) throw new PythonError("IndexError", "list index out of range");
  if (numbers.length === 4) return first * second! + third! + fourth!;
  if (numbers.length === 3) return first * second! + third!;
  if (numbers.length === 2) return numbers.includes(100) ? first * second! : first + second!;
  return first;
}
