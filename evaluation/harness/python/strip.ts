import { isSpaceUnit } from "./unicode.ts";

/** Python's `text.strip(characters)`; without characters, Python's white space (with U+0085, without U+FEFF). */
export function strip(text: string, characters: string | null = null): string {
  return lstrip(rstrip(text, characters), characters);
}

/** Python's `text.lstrip(characters)`. */
export function lstrip(text: string, characters: string | null = null): string {
  let start = 0;
  if (characters === null) {
    while (start < text.length && isSpaceUnit(text.charCodeAt(start))) start += 1;
    return text.slice(start);
  }
  const set = new Set(characters);
  for (const character of text) {
    if (!set.has(character)) break;
    start += character.length;
  }
  return text.slice(start);
}

/** Python's `text.rstrip(characters)`. */
export function rstrip(text: string, characters: string | null = null): string {
  let end = text.length;
  if (characters === null) {
    while (end > 0 && isSpaceUnit(text.charCodeAt(end - 1))) end -= 1;
    return text.slice(0, end);
  }
  const set = new Set(characters);
  while (end > 0) {
    const character = lastCharacter(text, end);
    if (!set.has(character)) break;
    end -= character.length;
  }
  return text.slice(0, end);
}

function lastCharacter(text: string, end: number): string {
  const isPair = end > 1 && (text.codePointAt(end - 2) ?? 0) > 0xffff;
  return text.slice(isPair ? end - 2 : end - 1, end);
}
