import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sharedFolder } from "../../../../test/support/shared-folder.ts";
import { hashGenerate, hashLogprob, hashRolling } from "./hash-model.ts";

/** A multiplicative generator: the same cases at each run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; state = (state * 48_271) % 2_147_483_647) yield state;
}

const PIECES = [
  "Q: what is 7 × 6?",
  "\n",
  " naïve",
  "☃",
  "\u{1f600}",
  "a\u0300",
  "\t",
  "",
  " (A)",
  "日本語",
  "\0",
  "'\"\\",
];
const STOPS = ["\n", "\n\n", "Question:", " ", "", "answer", "#### ", "☃", "."];

interface Case {
  readonly context: string;
  readonly continuation: string;
  readonly until: readonly string[];
  readonly maxTokens: number | null;
}

function makeCases(count: number): Case[] {
  const source = numbers(20_240_607);
  const draw = (below: number): number => source.next().value! % below;
  const text = (): string => Array.from({ length: draw(9) }, () => PIECES[draw(PIECES.length)]).join("");
  return Array.from({ length: count }, (_, position) => ({
    context: `${position} ${text()}`,
    continuation: text(),
    until: Array.from({ length: draw(4) }, () => STOPS[draw(STOPS.length)]!),
    maxTokens: draw(3) === 0 ? null : draw(12),
  }));
}

const PROGRAM = `
import json, sys
sys.path.insert(0, sys.argv[1])
import hash_model
out = []
for case in json.load(sys.stdin):
    logprob, greedy = hash_model.loglikelihood(case["context"], case["continuation"])
    out.append({"logprob": logprob, "isGreedy": greedy, "rolling": hash_model.rolling(case["context"]),
                "text": hash_model.generate(case["context"], case["until"], case["maxTokens"])})
json.dump(out, sys.stdout)
`;

test.skipIf(sharedFolder === null)("every answer has the bits of the specification in Python", () => {
  const cases = makeCases(2_000);
  const expected = JSON.parse(
    execFileSync("python3", ["-c", PROGRAM, join(sharedFolder!, "parity")], {
      input: JSON.stringify(cases),
      encoding: "utf8",
      maxBuffer: 64 * 2 ** 20,
    }),
  ) as unknown[];
  const answers = cases.map(({ context, continuation, until, maxTokens }) => ({
    ...hashLogprob(context, continuation),
    rolling: hashRolling(context),
    text: hashGenerate(context, until, maxTokens),
  }));
  expect(answers).toEqual(expected);
});

test("the specification's first bytes, worked by hand", () => {
  // SHA-256("ll" 00 "a" 00 "b") begins with 6 bytes u; the log-probability is -(u / 2^48 * 20).
  const { logprob, isGreedy } = hashLogprob("a", "b");
  expect(logprob).toBe(-0.74063060105658);
  expect(isGreedy).toBe(true);
});
