import { createHash } from "node:crypto";

// A stand-in for a language model whose every answer is a function of the request's bytes (UTF-8), so that two programs
// that ask it the same must report the same scores:
//   digest(kind, a, b) = SHA-256(kind 00 a 00 b);  unit(d) = first six bytes, big-endian, / 2^48
//   log-probability    = -(unit(d) * 20), greedy when d[6] < 64            d = digest("ll", context, continuation)
//   rolling            = -(unit(d) * 0.7) * bytes of the text              d = digest("roll", text, "")
//   generation: one of eight templates, chosen and filled by bytes of d    d = digest("gen", context, "")

const WORDS = ["Yes", "No", "True", "False", "valid", "invalid", "plausible", "implausible"];
const LETTERS = "ABCDEFG";

interface Fields {
  readonly n: number;
  readonly letter: string;
  readonly word: string;
}

const TEMPLATES: readonly ((fields: Fields) => string)[] = [
  ({ word }) => ` So the answer is ${word}.\n\nQ: next`,
  ({ n }) => ` ${n} + 1 = ${n + 1}. The answer is ${n + 1}.\n#### ${n + 1}`,
  ({ letter }) => ` (${letter})`,
  ({ letter }) => ` Let's think step by step. So the answer is (${letter}).\nQuestion: another`,
  ({ word }) => word,
  ({ n }) => ` The total is $1,${n}.50, so the answer is ${n}`,
  () => "",
  ({ n, letter, word }) => ` ${letter}) or \\boxed{${n}} – naïve ☃ answer: ${word}`,
];

function digest(kind: string, first: string, second: string): Buffer {
  return createHash("sha256").update(kind).update("\0").update(first).update("\0").update(second).digest();
}

function unit(bytes: Buffer): number {
  return bytes.readUIntBE(0, 6) / 2 ** 48;
}

/** Log-probability of a continuation, and whether it is "greedy". */
export function hashLogprob(context: string, continuation: string): { logprob: number; isGreedy: boolean } {
  const bytes = digest("ll", context, continuation);
  return { logprob: -(unit(bytes) * 20), isGreedy: bytes[6]! < 64 };
}

/** Log-probability of a whole text. */
export function hashRolling(text: string): number {
  return -(unit(digest("roll", text, "")) * 0.7) * Buffer.byteLength(text, "utf8");
}

/** A completion: at most `maxTokens` pieces between whitespace, cut before the first stop string. */
export function hashGenerate(context: string, until: readonly string[], maxTokens: number | null): string {
  const bytes = digest("gen", context, "");
  const fields = { n: bytes[8]! % 40, letter: LETTERS[bytes[9]! % 7]!, word: WORDS[bytes[10]! % 8]! };
  let text = TEMPLATES[bytes[7]! % 8]!(fields);
  if (maxTokens !== null) {
    const pieces = text.split(/\s+/).filter((piece) => piece !== "");
    if (pieces.length > maxTokens) text = pieces.slice(0, maxTokens).join(" ");
  }
  const cuts = until
    .filter((stop) => stop !== "")
    .map((stop) => text.indexOf(stop))
    .filter((cut) => cut >= 0);
  return cuts.length === 0 ? text : text.slice(0, Math.min(...cuts));
}
