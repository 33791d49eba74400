import { ASSIGNED_AFTER_UNICODE_14 } from "./unicode.ts";

// V8 maps more characters than CPython 3.11: those assigned after Unicode 14, and four that got an upper case later.
const UNMAPPED = new RegExp(`([${ASSIGNED_AFTER_UNICODE_14}\\u019b\\u0264\\ua7d3\\ua7d5]+)`, "v");
const NOT_ASCII = /[^\0-\x7f]/;

// What the title case has other than the upper case (from the Unicode data Python carries), as "character title" pairs.
const TITLE_PAIRS =
  "\u00df Ss \u01c4 \u01c5 \u01c5 \u01c5 \u01c6 \u01c5 \u01c7 \u01c8 \u01c8 \u01c8 \u01c9 \u01c8 \u01ca " +
  "\u01cb \u01cb \u01cb \u01cc \u01cb \u01f1 \u01f2 \u01f2 \u01f2 \u01f3 \u01f2 \u0587 \u0535\u0582 \u1fb2 " +
  "\u1fba\u0345 \u1fb3 \u1fbc \u1fb4 \u0386\u0345 \u1fb7 \u0391\u0342\u0345 \u1fbc \u1fbc \u1fc2 " +
  "\u1fca\u0345 \u1fc3 \u1fcc \u1fc4 \u0389\u0345 \u1fc7 \u0397\u0342\u0345 \u1fcc \u1fcc \u1ff2 " +
  "\u1ffa\u0345 \u1ff3 \u1ffc \u1ff4 \u038f\u0345 \u1ff7 \u03a9\u0342\u0345 \u1ffc \u1ffc \ufb00 Ff \ufb01 " +
  "Fi \ufb02 Fl \ufb03 Ffi \ufb04 Ffl \ufb05 St \ufb06 St \ufb13 \u0544\u0576 \ufb14 \u0544\u0565 \ufb15 " +
  "\u0544\u056b \ufb16 \u054e\u0576 \ufb17 \u0544\u056d";
const CASED = new RegExp(`[[\\p{Cased}\\u0295]--[${ASSIGNED_AFTER_UNICODE_14}\\u10fc\\ua7f2-\\ua7f4\\uab69]]`, "v");

let titleCase: Map<string, string> | undefined;

/** Python's `str.lower()`. */
export function lower(text: string): string {
  return mapCase(text, (part) => part.toLowerCase());
}

/** Python's `str.upper()`. */
export function upper(text: string): string {
  return mapCase(text, (part) => part.toUpperCase());
}

/** Python's `str.capitalize()`: the first character in title case, the rest in lower case. */
export function capitalize(text: string): string {
  if (text === "") return "";
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  // The rest is lowered within the whole text: a final sigma looks at what stands before it.
  return titleOf(first) + lower(text).slice(lower(first).length);
}

/** Python's `str.title()`: every letter after an uncased character in title case, the others in lower case. */
export function title(text: string): string {
  const lowered = lower(text);
  let result = "";
  let position = 0;
  let afterCased = false;
  for (const character of text) {
    const length = lower(character).length;
    result += afterCased ? lowered.slice(position, position + length) : titleOf(character);
    position += length;
    afterCased = CASED.test(character);
  }
  return result;
}

function mapCase(text: string, map: (part: string) => string): string {
  if (!NOT_ASCII.test(text) || !UNMAPPED.test(text)) return map(text);
  return text
    .split(UNMAPPED)
    .map((part, index) => (index % 2 === 1 ? part : map(part)))
    .join("");
}

function titleOf(character: string): string {
  const unit = character.charCodeAt(0);
  if (unit < 0x80) return character.toUpperCase();
  // Georgian letters have capitals, but no title case; Greek letters with iota below have one in each block of eight.
  if (unit >= 0x10d0 && unit <= 0x10ff) return character;
  if (unit >= 0x1f80 && unit <= 0x1faf) return String.fromCharCode(unit | 8);
  titleCase ??= readTitlePairs();
  return titleCase.get(character) ?? upper(character);
}

function readTitlePairs(): Map<string, string> {
  const words = TITLE_PAIRS.split(" ");
  const pairs = new Map<string, string>();
  for (let index = 0; index + 1 < words.length; index += 2) pairs.set(words[index] ?? "", words[index + 1] ?? "");
  return pairs;
}
