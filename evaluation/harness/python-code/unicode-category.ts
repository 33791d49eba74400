// The general categories of Unicode 14, which Python 3.11 knows.
import { PythonError } from "../python/python-error.ts";
import { ASSIGNED_AFTER_UNICODE_14 } from "../python/unicode.ts";

const CODE_POINTS = 0x110000;
const CATEGORIES = "Cn Lo Lu Ll Lt Lm Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split(
  " ",
);

/** Beyond it are only code points for private use. */
const ASSIGNED_END = 0xf0000;
/** Code points that have another category since Unicode 14. */
const CHANGED: readonly (readonly [number, string])[] = [
  [0x295, "Ll"],
  [0x1171e, "Mn"],
];

let table: Uint8Array | undefined;

/** The category of a text of one character. Throws TypeError for any other text. */
export function categoryOf(text: string): string {
  const [character, ...rest] = Array.from(text);
  if (character === undefined || rest.length > 0) {
    throw new PythonError("TypeError", "category() argument must be a unicode character");
  }
  table ??= makeTable();
  return CATEGORIES[table[character.codePointAt(0)!]!]!;
}

/** Positions in `CATEGORIES` of all code points: a pass over all of them for each category, once. */
function makeTable(): Uint8Array {
  const made = new Uint8Array(CODE_POINTS);
  made.fill(CATEGORIES.indexOf("Co"), 0xf0000, 0xffffe).fill(CATEGORIES.indexOf("Co"), 0x100000, 0x10fffe);
  for (let start = 0; start < ASSIGNED_END; start += 0x800) {
    if (start >= 0x40000 && start < 0xe0000) continue;
    // Surrogates would join where a high one stands before a low one.
    if (start === 0xd800) made.fill(CATEGORIES.indexOf("Cs"), start, start + 0x800);
    else fill(made, start, start + 0x800);
  }
  for (const [codePoint, category] of CHANGED) made[codePoint] = CATEGORIES.indexOf(category);
  return made;
}

const CLASSES = CATEGORIES.map((name, category) => ({ category, members: new RegExp(`\\p{${name}}+`, "gu") })).slice(1);
const LATER = new RegExp(`[${ASSIGNED_AFTER_UNICODE_14}]+`, "gv");

function fill(made: Uint8Array, start: number, end: number): void {
  const characters = Array.from({ length: end - start }, (_, offset) => String.fromCodePoint(start + offset));
  const text = characters.join("");
  const unitsEach = start < 0x10000 ? 1 : 2;
  const mark = (members: RegExp, category: number): void => {
    for (const match of text.matchAll(members)) {
      const first = start + match.index / unitsEach;
      made.fill(category, first, first + match[0].length / unitsEach);
    }
  };
  for (const { category, members } of CLASSES) mark(members, category);
  mark(LATER, 0);
}
