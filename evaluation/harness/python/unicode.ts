// CPython 3.11 knows Unicode 14; V8 knows a later version. The characters assigned since are listed here and taken out
// of every class, so that both sides classify every code point alike. `texts.test.ts` compares all of them.

/** Members of a `v`-flag class: code points assigned after Unicode 14, which Python 3.11 takes as unassigned. */
export const ASSIGNED_AFTER_UNICODE_14 = classMembers(
  "88f 897 c5c cdc cf3 ece 1acf-1add 1ae0-1aeb 1b4e-1b4f 1b7f 1c89-1c8a 20c1 2427-2429 2b96 2ffc-2fff 31e4-31e5 31ef " +
    "a7cb-a7cf a7d2 a7d4 a7da-a7dc a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce 105c0-105f3 10940-10959 10d40-10d65 " +
    "10d69-10d85 10d8e-10d8f 10ec2-10ec7 10ed0-10ed8 10efa-10eff 1123f-11241 11380-11389 1138b 1138e 11390-113b5 " +
    "113b7-113c0 113c2 113c5 113c7-113ca 113cc-113d5 113d7-113d8 113e1-113e2 116d0-116e3 11b00-11b09 11b60-11b67 " +
    "11bc0-11be1 11bf0-11bf9 11db0-11ddb 11de0-11de9 11f00-11f10 11f12-11f3a 11f3e-11f5a 1342f 13439-13455 " +
    "13460-143fa 16100-16139 16d40-16d79 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18cff 18d09-18d1e " +
    "18d80-18df2 1b132 1b155 1cc00-1ccfc 1cd00-1ceb3 1ceba-1ced0 1cee0-1cef0 1d2c0-1d2d3 1df25-1df2a 1e030-1e06d " +
    "1e08f 1e4d0-1e4f9 1e5d0-1e5fa 1e5ff 1e6c0-1e6de 1e6e0-1e6f5 1e6fe-1e6ff 1f6d8 1f6dc 1f774-1f77f 1f7d9 " +
    "1f8b2-1f8bb 1f8c0-1f8c1 1f8d0-1f8d8 1fa54-1fa57 1fa75-1fa77 1fa87-1fa8a 1fa8e-1fa8f 1faad-1faaf 1fabb-1fabf " +
    "1fac6 1fac8 1facd-1facf 1fada-1fadc 1fadf 1fae8-1faea 1faef 1faf7-1faf8 1fbcb-1fbef 1fbfa 2b739-2b73f " +
    "2cea2-2cead 2ebf0-2ee5d 31350-33479",
);

const SPACE_MEMBERS = classMembers("9-d 1c-20 85 a0 1680 2000-200a 2028 2029 202f 205f 3000");

/** `v`-flag class of what Python's `\w` matches in text patterns: `str.isalnum()` or underscore. */
export const WORD_CLASS = `[[\\p{L}\\p{N}_]--[${ASSIGNED_AFTER_UNICODE_14}]]`;
/** `v`-flag class of what Python's `\d` matches in text patterns: `str.isdecimal()`. */
export const DIGIT_CLASS = `[\\p{Nd}--[${ASSIGNED_AFTER_UNICODE_14}]]`;
/** `v`-flag class of what Python's `\s` matches in text patterns: `str.isspace()`. */
export const SPACE_CLASS = `[${SPACE_MEMBERS}]`;

// Digits that are no decimals (superscripts, circled digits ...): str.isdigit() takes them, int() does not.
const OTHER_DIGITS = classMembers(
  "b2-b3 b9 1369-1371 19da 2070 2074-2079 2080-2089 2460-2468 2474-247c 2488-2490 24ea 24f5-24fd 24ff 2776-277e " +
    "2780-2788 278a-2792 10a40-10a43 10e60-10e68 11052-1105a 1f100-1f10a",
);

const ALL_DIGITS = new RegExp(`^[${DIGIT_CLASS}${OTHER_DIGITS}]+$`, "v");
const ALL_DECIMALS = new RegExp(`^${DIGIT_CLASS}+$`, "v");
const ALL_NUMERIC = new RegExp(`^[[\\p{N}]--[${ASSIGNED_AFTER_UNICODE_14}]]+$`, "v");
const ALL_ALPHABETIC = new RegExp(`^[\\p{L}--[${ASSIGNED_AFTER_UNICODE_14}]]+$`, "v");
const ALL_ALPHANUMERIC = new RegExp(`^[[\\p{L}\\p{N}]--[${ASSIGNED_AFTER_UNICODE_14}]]+$`, "v");
// Unicode took one letter out of the lower case since, and five characters in.
const LOWER_CLASS = `[[\\p{Lowercase}\\u0295]--[${ASSIGNED_AFTER_UNICODE_14}\\u10fc\\ua7f2-\\ua7f4\\uab69]]`;
const UPPER_CLASS = `[\\p{Uppercase}--[${ASSIGNED_AFTER_UNICODE_14}]]`;
const LOWER = new RegExp(LOWER_CLASS, "v");
const UPPER = new RegExp(UPPER_CLASS, "v");
const LOWER_OR_TITLE = new RegExp(`[${LOWER_CLASS}\\p{Lt}]`, "v");
const UPPER_OR_TITLE = new RegExp(`[${UPPER_CLASS}\\p{Lt}]`, "v");
const ALL_SPACE = new RegExp(`^${SPACE_CLASS}+$`, "v");
const NOT_PRINTABLE = `[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}[\\p{Zs}--[ ]]${ASSIGNED_AFTER_UNICODE_14}]`;

/** Matches each code point that Python's `repr` escapes for not being printable (global). */
export const NOT_PRINTABLE_PATTERN = new RegExp(NOT_PRINTABLE, "gv");

/** Python's `str.isdigit()`. */
export function isDigitText(text: string): boolean {
  return ALL_DIGITS.test(text);
}

/** Python's `str.isdecimal()`. */
export function isDecimalText(text: string): boolean {
  return ALL_DECIMALS.test(text);
}

/** Python's `str.isnumeric()`, without ideographs that name numbers, which it reports as unknown (undefined). */
export function isNumericText(text: string): boolean | undefined {
  if (ALL_NUMERIC.test(text)) return true;
  return /\p{Lo}/v.test(text) ? undefined : false;
}

/** Python's `str.islower()`: some cased character, and none in upper or title case. */
export function isLowerText(text: string): boolean {
  return LOWER.test(text) && !UPPER_OR_TITLE.test(text);
}

/** Python's `str.isupper()`. */
export function isUpperText(text: string): boolean {
  return UPPER.test(text) && !LOWER_OR_TITLE.test(text);
}

/** Python's `str.isalpha()`. */
export function isAlphabeticText(text: string): boolean {
  return ALL_ALPHABETIC.test(text);
}

/** Python's `str.isalnum()`. */
export function isAlphanumericText(text: string): boolean {
  return ALL_ALPHANUMERIC.test(text);
}

/** Python's `str.isspace()`. */
export function isSpaceText(text: string): boolean {
  return ALL_SPACE.test(text);
}

/** Whether Python's `str.strip()` and `str.split()` take this UTF-16 unit as white space (all of it is in the BMP). */
export function isSpaceUnit(unit: number): boolean {
  if (unit < 0x80) return unit === 32 || (unit >= 9 && unit <= 13) || (unit >= 28 && unit <= 31);
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0;
  if (unit >= 0x2000 && unit <= 0x200a) return true;
  return unit === 0x1680 || unit === 0x2028 || unit === 0x2029 || unit === 0x202f || unit === 0x205f || unit === 0x3000;
}

function classMembers(ranges: string): string {
  const escape = (hex: string) => `\\u{${hex}}`;
  return ranges
    .split(" ")
    .map((range) => range.split("-").map(escape).join("-"))
    .join("");
}
