import { PythonError, unsupported } from "./python-error.ts";

const SIMPLE: { readonly [letter: string]: string } = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]|$))/gu;

/** Decodes the escapes of a Python text literal's body. Unknown ones stay; broken ones throw SyntaxError. */
export function decodeEscapes(body: string): string {
  if (!body.includes("\\")) return body;
  return body.replaceAll(ESCAPE, (escape: string, octal?: string, ...rest: (string | undefined)[]) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const hex = rest[0] ?? rest[1] ?? rest[2];
    if (hex !== undefined) return decodeCode(Number.parseInt(hex, 16), escape);
    const letter = rest[3] ?? "";
    if (letter === "" || /^[xuU]$/.test(letter)) throw new PythonError("SyntaxError", `truncated escape ${escape}`);
    if (letter === "N") throw unsupported("escape \\N{name} in a text literal");
    return SIMPLE[letter] ?? escape;
  });
}

function decodeCode(code: number, escape: string): string {
  if (code > 0x10ffff) throw new PythonError("SyntaxError", `illegal Unicode character ${escape}`);
  // Python keeps surrogates apart where a JavaScript string would join two of them to one character.
  if (code >= 0xd800 && code <= 0xdfff) throw unsupported(`escape ${escape} (a surrogate) in a text literal`);
  return String.fromCodePoint(code);
}
