import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { PythonRandom } from "../python/random.ts";
import { findNumberWords, numberOfWords } from "./number-words.ts";

const python = harnessPython();
const SEED = Number(process.env["MUSTER_SEED"] ?? 11);

const WORDS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
  "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion and & , forteen";

/** What the harness's filter does, from its own source: the number of the first run of words, or the error's name. */
const PROGRAM = `
import json, sys, re, inspect
import regex
from word2number import w2n
import lm_eval.tasks.bbh.zeroshot.utils as helpers
source = inspect.getsource(helpers.NumberParseRegexFilter)
literal = re.search(r'regex\\.compile\\(\\s*(".*")\\s*\\)', source).group(1)
pattern = regex.compile(eval(literal))
out = []
for text in json.load(sys.stdin):
    runs = pattern.findall(text)
    try:
        number = str(w2n.word_to_num(runs[0].strip())) if runs else None
    except Exception as error:
        number = type(error).__name__
    out.append([runs, number])
json.dump(out, sys.stdout)
`;

function randomTexts(): string[] {
  const random = new PythonRandom(SEED);
  const words = WORDS.split(" ");
  return Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + random.randomBelow(6) }, () => {
      const word = random.choice(words);
      return word + random.choice([" ", " ", " ", "  ", "", "\n", "-", "\u00a0", "\u001c", " x "]);
    }).join(""),
  );
}

function outcome(text: string): [string[], string | null] {
  const runs = findNumberWords(text);
  if (runs.length === 0) return [runs, null];
  try {
    return [runs, String(numberOfWords(runs[0]!.trim()))];
  } catch (error) {
    return [runs, (error as { type: string }).type];
  }
}

describe.skipIf(python === null)(`numbers in words (MUSTER_SEED=${SEED})`, () => {
  test("runs and values are those of the regex and word2number packages", () => {
    const texts = randomTexts();
    const answer = execFileSync(python!, ["-c", PROGRAM], { input: JSON.stringify(texts), maxBuffer: 1 << 26 });
    const expected = JSON.parse(answer.toString()) as [string[], string | null][];
    texts.forEach((text, index) => expect(outcome(text), JSON.stringify(text)).toEqual(expected[index]));
  });
});
