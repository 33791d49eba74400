import type { CallValues } from "../jinja/runtime-value.ts";
import { dictGet } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { isDict, isInt, type PythonValue } from "../python/value.ts";

/** Python's `str.maketrans(...)`: code points to texts, code points or None. */
export function makeTranslation({ positional: [first, second, removed] }: CallValues): PythonValue {
  const table = new Map<PythonValue, PythonValue>();
  if (second === undefined) {
    if (!isDict(first ?? null)) throw new PythonError("TypeError", "maketrans() needs a dict");
    for (const [key, value] of first as ReadonlyMap<PythonValue, PythonValue>) {
      table.set(typeof key === "string" ? codePoint(key) : key, value);
    }
    return table;
  }
  if (typeof first !== "string" || typeof second !== "string")
    throw new PythonError("TypeError", "maketrans() needs texts");
  const [from, to] = [Array.from(first), Array.from(second)];
  if (from.length !== to.length)
    throw new PythonError("ValueError", "the first two maketrans arguments must have equal length");
  from.forEach((character, index) => table.set(codePoint(character), codePoint(to[index]!)));
  if (typeof removed === "string") for (const character of removed) table.set(codePoint(character), null);
  return table;
}

/** Python's `text.translate(table)`. */
export function translate(text: string, table: PythonValue): string {
  if (!isDict(table)) throw unsupported("str.translate with something else than a dict");
  return Array.from(text, (character) => {
    const found = dictGet(table, codePoint(character));
    if (found === undefined) return character;
    if (found === null) return "";
    if (typeof found === "string") return found;
    if (isInt(found)) return String.fromCodePoint(Number(found));
    throw new PythonError("TypeError", "character mapping must return integer, None or str");
  }).join("");
}

function codePoint(character: string): number {
  const [only, ...rest] = Array.from(character);
  if (only === undefined || rest.length > 0)
    throw new PythonError("ValueError", "string keys in translate table must be of length 1");
  return only.codePointAt(0)!;
}
