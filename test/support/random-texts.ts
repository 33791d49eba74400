import type { PythonRandom } from "../../evaluation/harness/python/random.ts";

const ORDINARY = [..."aabbcxyzABZ  019_.,-+'\"\\/(){}[]<>%"];
const SPECIAL = [
  ..."\n\r\t\v\f\0éßﬁΣσςİıǆǅªº日本😀𝔸ﬀ\u{301}\u{a0}\u{85}\u{1c}\u{2028}\u{feff}\u{ad}٣²½Ⅷ人ᾳᾼაᲐŉ",
  "\u{7f}",
  "\u{10ffff}",
];

/** A short text; one in a few characters is one that languages treat differently. */
export function randomText(random: PythonRandom, maximumLength: number): string {
  const length = Math.floor(random.random() * (maximumLength + 1));
  return Array.from({ length }, () => random.choice(random.random() < 0.75 ? ORDINARY : SPECIAL)).join("");
}
