// Python's expressions by recursive descent, one function for each level of its grammar.
import { PythonError } from "../python/python-error.ts";
import { makeFloat, makeInt, type PythonValue } from "../python/value.ts";
import { decodeEscapes } from "../python/escapes.ts";
import type { Clause, Expression, Parameters } from "./syntax.ts";
import { parseFormattedText } from "./parse-formatted-text.ts";
import { TokenReader } from "./token-reader.ts";
import { type Token, tokenize } from "./tokens.ts";

const CONSTANTS: { readonly [name: string]: PythonValue } = { None: null, True: true, False: false };
const KEYWORDS = new Set(
  "and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);
const BINARY_LEVELS: readonly (readonly string[])[] = [
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%", "@"],
];
const COMPARISONS = ["<", ">", "==", ">=", "<=", "!=", "in", "is", "not"];

/** One expression on its own, as within an f-string. */
export function parseLoneExpression(source: string): Expression {
  const reader = new TokenReader(tokenize(`(${source})`));
  const expression = parseExpressions(reader);
  if (reader.next.kind !== "newline") throw reader.error("invalid syntax");
  return expression;
}

/** Expressions with commas between them: a tuple where there is a comma. */
export function parseExpressions(reader: TokenReader): Expression {
  const first = parseStarredOrNamed(reader);
  if (!reader.sees(",")) return first;
  const items = [first];
  while (reader.skip(",")) {
    if (endsExpressions(reader)) break;
    items.push(parseStarredOrNamed(reader));
  }
  return { kind: "tuple", items };
}

function endsExpressions(reader: TokenReader): boolean {
  const { kind } = reader.next;
  return kind === "newline" || kind === "end" || reader.sees(")", "]", "}", "=", ":", ";", "in");
}

function parseStarredOrNamed(reader: TokenReader): Expression {
  if (reader.skip("*")) return { kind: "starred", value: parseBinary(reader, 0) };
  if (reader.next.kind === "name" && reader.seesAfter(":=")) {
    const name = reader.name();
    reader.expect(":=");
    return { kind: "walrus", name, value: parseExpression(reader) };
  }
  return parseExpression(reader);
}

/** One expression without a comma outside of brackets. */
export function parseExpression(reader: TokenReader): Expression {
  if (reader.sees("lambda")) return parseLambda(reader);
  if (reader.skip("yield")) return parseYield(reader);
  const whenTrue = parseOr(reader);
  if (!reader.skip("if")) return whenTrue;
  const test = parseOr(reader);
  reader.expect("else");
  return { kind: "conditional", test, whenTrue, otherwise: parseExpression(reader) };
}

function parseYield(reader: TokenReader): Expression {
  reader.skip("from");
  if (!endsExpressions(reader)) parseExpressions(reader);
  return { kind: "refused", construct: "yield" };
}

function parseLambda(reader: TokenReader): Expression {
  reader.expect("lambda");
  const parameters = parseParameters(reader, ":");
  reader.expect(":");
  return { kind: "lambda", parameters, body: parseExpression(reader) };
}

/** A parameter list up to (not including) its closing token; annotations are skipped. */
export function parseParameters(reader: TokenReader, closing: ")" | ":"): Parameters {
  const names: { name: string; fallback: Expression | null }[] = [];
  const named: { name: string; fallback: Expression | null }[] = [];
  let rest: string | null = null;
  let others: string | null = null;
  const skipAnnotation = (): void => {
    if (closing === ")" && reader.skip(":")) parseExpression(reader);
  };
  while (!reader.sees(closing)) {
    if (reader.skip("**")) {
      others = reader.name();
      skipAnnotation();
    } else if (reader.skip("*")) {
      rest = reader.sees(",") ? "" : reader.name();
      skipAnnotation();
    } else if (!reader.skip("/")) {
      const name = reader.name();
      skipAnnotation();
      const fallback = reader.skip("=") ? parseExpression(reader) : null;
      (rest === null ? names : named).push({ name, fallback });
    }
    if (!reader.skip(",")) break;
  }
  return { names, rest, named, others };
}

function parseOr(reader: TokenReader): Expression {
  return parseLogical(reader, "or", () => parseLogical(reader, "and", () => parseNot(reader)));
}

function parseLogical(reader: TokenReader, operator: "and" | "or", operand: () => Expression): Expression {
  const first = operand();
  if (!reader.sees(operator)) return first;
  const values = [first];
  while (reader.skip(operator)) values.push(operand());
  return { kind: "logical", operator, values };
}

function parseNot(reader: TokenReader): Expression {
  if (reader.skip("not")) return { kind: "unary", operator: "not", value: parseNot(reader) };
  const left = parseBinary(reader, 0);
  const rest: (readonly [string, Expression])[] = [];
  while (reader.sees(...COMPARISONS)) {
    let operator = reader.take().text;
    if (operator === "not") {
      reader.expect("in");
      operator = "not in";
    } else if (operator === "is" && reader.skip("not")) operator = "is not";
    rest.push([operator, parseBinary(reader, 0)]);
  }
  return rest.length === 0 ? left : { kind: "compare", left, rest };
}

function parseBinary(reader: TokenReader, level: number): Expression {
  const operators = BINARY_LEVELS[level];
  if (operators === undefined) return parseUnary(reader);
  let left = parseBinary(reader, level + 1);
  while (reader.next.kind === "operator" && reader.sees(...operators)) {
    const operator = reader.take().text;
    left = { kind: "binary", operator, left, right: parseBinary(reader, level + 1) };
  }
  return left;
}

function parseUnary(reader: TokenReader): Expression {
  if (reader.next.kind === "operator" && reader.sees("-", "+", "~")) {
    const operator = reader.take().text;
    return { kind: "unary", operator, value: parseUnary(reader) };
  }
  const base = parsePostfix(reader);
  if (!reader.skip("**")) return base;
  return { kind: "binary", operator: "**", left: base, right: parseUnary(reader) };
}

function parsePostfix(reader: TokenReader): Expression {
  if (reader.skip("await")) {
    parsePostfix(reader);
    return { kind: "refused", construct: "await" };
  }
  let value = parseAtom(reader);
  for (;;) {
    if (reader.skip(".")) value = { kind: "attribute", owner: value, name: reader.name() };
    else if (reader.skip("(")) value = parseCall(reader, value);
    else if (reader.skip("[")) value = { kind: "subscript", owner: value, index: parseSubscript(reader) };
    else return value;
  }
}

function parseCall(reader: TokenReader, callee: Expression): Expression {
  const positional: Expression[] = [];
  const named: (readonly [string | null, Expression])[] = [];
  while (!reader.sees(")")) {
    if (reader.skip("**")) named.push([null, parseExpression(reader)]);
    else if (reader.next.kind === "name" && reader.seesAfter("=")) {
      const name = reader.name();
      reader.expect("=");
      named.push([name, parseExpression(reader)]);
    } else {
      const value = parseStarredOrNamed(reader);
      positional.push(reader.sees("for", "async") ? comprehension(reader, "generator", value) : value);
    }
    if (!reader.skip(",")) break;
  }
  reader.expect(")");
  return { kind: "call", callee, positional, named };
}

function parseSubscript(reader: TokenReader): Expression {
  const items = [parseSlice(reader)];
  let isTuple = false;
  while (reader.skip(",")) {
    isTuple = true;
    if (reader.sees("]")) break;
    items.push(parseSlice(reader));
  }
  reader.expect("]");
  return isTuple ? { kind: "tuple", items } : items[0]!;
}

function parseSlice(reader: TokenReader): Expression {
  const part = (): Expression | null => (reader.sees(":", "]", ",") ? null : parseStarredOrNamed(reader));
  const start = part();
  if (!reader.skip(":")) return start ?? { kind: "refused", construct: "an empty subscript" };
  const stop = part();
  const step = reader.skip(":") ? part() : null;
  return { kind: "slice", start, stop, step };
}

function comprehension(
  reader: TokenReader,
  shape: "list" | "set" | "generator" | "dict",
  element: Expression,
  key: Expression | null = null,
): Expression {
  const clauses: Clause[] = [];
  while (reader.sees("for", "async")) {
    if (reader.skip("async")) throw reader.error("async comprehensions are not understood");
    reader.expect("for");
    const target = parseTarget(reader);
    reader.expect("in");
    const source = parseOr(reader);
    const conditions: Expression[] = [];
    while (reader.skip("if")) {
      const condition = reader.sees("lambda") ? parseLambda(reader) : parseOrNamed(reader);
      conditions.push(condition);
    }
    clauses.push({ target, source, conditions });
  }
  return { kind: "comprehension", shape, key, element, clauses };
}

function parseOrNamed(reader: TokenReader): Expression {
  if (!(reader.next.kind === "name" && reader.seesAfter(":="))) return parseOr(reader);
  const name = reader.name();
  reader.expect(":=");
  return { kind: "walrus", name, value: parseOr(reader) };
}

/** The target of a `for`: names, tuples of them, subscripts, up to `in`. */
export function parseTarget(reader: TokenReader): Expression {
  const part = (): Expression => {
    if (reader.skip("*")) return { kind: "starred", value: parsePostfix(reader) };
    return parsePostfix(reader);
  };
  const items = [part()];
  let isTuple = false;
  while (reader.skip(",")) {
    isTuple = true;
    if (reader.sees("in", "=")) break;
    items.push(part());
  }
  return isTuple ? { kind: "tuple", items } : items[0]!;
}

function parseAtom(reader: TokenReader): Expression {
  const token = reader.next;
  if (token.kind === "string") return parseStrings(reader);
  if (token.kind === "number") {
    reader.take();
    return parseNumber(token.text);
  }
  if (token.kind === "name") {
    if (Object.hasOwn(CONSTANTS, token.text)) {
      reader.take();
      return { kind: "constant", value: CONSTANTS[token.text]! };
    }
    if (KEYWORDS.has(token.text)) throw reader.error(`unexpected '${token.text}'`);
    return { kind: "name", name: reader.name() };
  }
  if (reader.skip("(")) return parseParenthesis(reader);
  if (reader.skip("[")) return parseList(reader);
  if (reader.skip("{")) return parseBraces(reader);
  if (reader.skip("...")) return { kind: "refused", construct: "..." };
  throw reader.error("expected an expression");
}

function parseParenthesis(reader: TokenReader): Expression {
  if (reader.skip(")")) return { kind: "tuple", items: [] };
  let value = reader.sees("yield") ? parseExpression(reader) : parseExpressions(reader);
  if (reader.sees("for", "async")) value = comprehension(reader, "generator", value);
  reader.expect(")");
  return value;
}

function parseList(reader: TokenReader): Expression {
  if (reader.skip("]")) return { kind: "list", items: [] };
  const first = parseStarredOrNamed(reader);
  if (reader.sees("for", "async")) {
    const value = comprehension(reader, "list", first);
    reader.expect("]");
    return value;
  }
  const items = [first];
  while (reader.skip(",")) {
    if (reader.sees("]")) break;
    items.push(parseStarredOrNamed(reader));
  }
  reader.expect("]");
  return { kind: "list", items };
}

function parseBraces(reader: TokenReader): Expression {
  const entries: (readonly [Expression | null, Expression])[] = [];
  const items: Expression[] = [];
  while (!reader.sees("}")) {
    if (reader.skip("**")) entries.push([null, parseBinary(reader, 0)]);
    else {
      const first = parseStarredOrNamed(reader);
      const value = reader.skip(":") ? parseExpression(reader) : null;
      if (reader.sees("for", "async")) {
        const made = value === null ? comprehension(reader, "set", first) : comprehension(reader, "dict", value, first);
        reader.expect("}");
        return made;
      }
      if (value === null) items.push(first);
      else entries.push([first, value]);
    }
    if (!reader.skip(",")) break;
  }
  reader.expect("}");
  return items.length > 0 ? { kind: "set", items } : { kind: "dict", entries };
}

/** Texts that stand side by side are one. */
function parseStrings(reader: TokenReader): Expression {
  const tokens: Extract<Token, { kind: "string" }>[] = [];
  for (let token = reader.next; token.kind === "string"; token = reader.next) {
    tokens.push(token);
    reader.take();
  }
  if (tokens.some(({ prefix }) => prefix.includes("b"))) return { kind: "refused", construct: "bytes" };
  try {
    const parts = tokens.flatMap(({ prefix, text }) =>
      prefix.includes("f")
        ? parseFormattedText(text, prefix.includes("r"), parseLoneExpression)
        : [prefix.includes("r") ? text : decodeEscapes(text)],
    );
    if (parts.every((part) => typeof part === "string")) return { kind: "constant", value: parts.join("") };
    return { kind: "text", parts };
  } catch (error) {
    // What cannot be done exactly does not make the rest of the module unreadable.
    if (error instanceof PythonError && error.type === "Unsupported")
      return { kind: "refused", construct: error.message };
    throw error;
  }
}

function parseNumber(text: string): Expression {
  const plain = text.replaceAll("_", "");
  if (/[jJ]$/.test(plain)) return { kind: "refused", construct: "a complex number" };
  const isInt = /^(?:0[xXoObB]|[0-9]+$)/.test(plain);
  return { kind: "constant", value: isInt ? makeInt(BigInt(plain)) : makeFloat(Number(plain)) };
}
