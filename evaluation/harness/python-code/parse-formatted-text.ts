import { decodeEscapes } from "../python/escapes.ts";
import { PythonError } from "../python/python-error.ts";
import type { Expression, TextPart } from "./syntax.ts";

/** The body of an f-string to its parts. `parse` reads the expression of a field. */
export function parseFormattedText(
  body: string,
  isRaw: boolean,
  parse: (source: string) => Expression,
): readonly TextPart[] {
  const parts: TextPart[] = [];
  let text = "";
  const flush = (): void => {
    if (text !== "") parts.push(isRaw ? text : decodeEscapes(text));
    text = "";
  };
  for (let at = 0; at < body.length;) {
    const character = body[at]!;
    if ((character === "{" || character === "}") && body[at + 1] === character) {
      text += character;
      at += 2;
    } else if (character === "{") {
      flush();
      const field = readField(body, at + 1);
      at = field.end;
      const value = parse(field.source);
      if (field.isShown) parts.push(`${field.source}=`);
      parts.push({
        value,
        conversion: field.isShown && field.conversion === "" && field.format === "" ? "r" : field.conversion,
        format: parseFormattedText(field.format, isRaw, parse),
      });
    } else if (character === "}") throw new PythonError("SyntaxError", "f-string: single '}' is not allowed");
    else if (character === "\\" && !isRaw) {
      // \N{...} is refused by the decoder; its braces are no field.
      const named = /^\\N\{[^}]*\}/.exec(body.slice(at))?.[0];
      const escape = named ?? body.slice(at, at + 2);
      text += escape;
      at += escape.length;
    } else {
      text += character;
      at += 1;
    }
  }
  flush();
  return parts;
}

interface Field {
  readonly source: string;
  readonly conversion: string;
  readonly format: string;
  /** Written as `{value=}`. */
  readonly isShown: boolean;
  readonly end: number;
}

/** Reads a field from after its brace to after its closing one. */
function readField(body: string, start: number): Field {
  const end = fieldEnd(body, start, "}");
  const content = body.slice(start, end);
  const colon = topLevel(content, ":");
  const head = colon < 0 ? content : content.slice(0, colon);
  const format = colon < 0 ? "" : content.slice(colon + 1);
  const bang = /!([rsa])\s*$/.exec(head);
  const source = bang === null ? head : head.slice(0, bang.index);
  const shown = /^([^]*[^=!<>])=\s*$/.exec(source);
  return {
    source: shown === null ? source : shown[1]!,
    conversion: bang?.[1] ?? "",
    format,
    isShown: shown !== null,
    end: end + 1,
  };
}

function topLevel(text: string, wanted: string): number {
  const at = scan(text, 0, (character, depth) => depth === 0 && character === wanted);
  return at;
}

function fieldEnd(body: string, start: number, wanted: string): number {
  const at = scan(body, start, (character, depth) => depth === 0 && character === wanted);
  if (at < 0) throw new PythonError("SyntaxError", "f-string: expecting '}'");
  return at;
}

/** The first place outside of quotes and brackets that is looked for, or -1. */
function scan(text: string, start: number, isWanted: (character: string, depth: number) => boolean): number {
  let depth = 0;
  let quote = "";
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]!;
    if (quote !== "") {
      if (character === quote) quote = "";
      continue;
    }
    if (isWanted(character, depth)) return at;
    if (character === '"' || character === "'") quote = character;
    else if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
  }
  return -1;
}
