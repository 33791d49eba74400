// Jinja's expression grammar (`jinja2/parser.py` 3.1), with its own precedences: `~` binds tighter than `+`, filters
// bind tighter than any operator but a sign.
import type { ArithmeticOperator } from "../python/arithmetic.ts";
import type { PythonValue } from "../python/value.ts";
import type { CallSyntax, ComparisonOperator, Expression } from "./syntax.ts";
import type { TokenStream } from "./token-stream.ts";

const CONSTANTS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);
const COMPARISONS: readonly ComparisonOperator[] = ["==", "!=", "<", "<=", ">", ">="];

/** How a tuple without brackets may be read. */
export interface TupleRules {
  /** Whether `a if b else c` may stand in it; not in `for` and `if` heads. */
  readonly withConditional?: boolean;
  /** Whether it stands in parentheses, where it may be empty. */
  readonly isEnclosed?: boolean;
  /** A word that ends it. */
  readonly endWord?: string;
}

/** Parses an expression, or several with commas between as a tuple. */
export function parseTuple(stream: TokenStream, rules: TupleRules = {}): Expression {
  const { withConditional = true, isEnclosed = false, endWord } = rules;
  const { line } = stream.current;
  const members: Expression[] = [];
  let isTuple = false;
  while (!isTupleEnd(stream, endWord)) {
    members.push(parseExpression(stream, withConditional));
    if (!stream.takeOperator(",")) break;
    isTuple = true;
  }
  const [only] = members;
  if (!isTuple && only !== undefined) return only;
  if (!isTuple && !isEnclosed) throw stream.error(`Expected an expression, got '${stream.current.text}'`);
  return { kind: "tuple", members, line };
}

function isTupleEnd(stream: TokenStream, endWord: string | undefined): boolean {
  const { kind } = stream.current;
  if (kind === "variableEnd" || kind === "blockEnd" || stream.isOperator(")")) return true;
  return endWord !== undefined && stream.isWord(endWord);
}

/** Parses one expression. */
export function parseExpression(stream: TokenStream, withConditional = true): Expression {
  return stream.nested(() => (withConditional ? parseConditional(stream) : parseOr(stream)));
}

function parseConditional(stream: TokenStream): Expression {
  let positive = parseOr(stream);
  while (stream.takeWord("if")) {
    const { line } = stream.current;
    const test = parseOr(stream);
    const negative = stream.takeWord("else") ? stream.nested(() => parseConditional(stream)) : null;
    positive = { kind: "conditional", test, positive, negative, line };
  }
  return positive;
}

function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.takeWord("or")) left = { kind: "or", left, right: parseAnd(stream), line: left.line };
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.takeWord("and")) left = { kind: "and", left, right: parseNot(stream), line: left.line };
  return left;
}

function parseNot(stream: TokenStream): Expression {
  const { line } = stream.current;
  if (!stream.takeWord("not")) return parseComparison(stream);
  return { kind: "not", operand: stream.nested(() => parseNot(stream)), line };
}

function parseComparison(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const rest: [ComparisonOperator, Expression][] = [];
  for (let operator = takeComparison(stream); operator !== undefined; operator = takeComparison(stream)) {
    rest.push([operator, parseSum(stream)]);
  }
  return rest.length === 0 ? first : { kind: "comparison", first, rest, line: first.line };
}

function takeComparison(stream: TokenStream): ComparisonOperator | undefined {
  const operator = COMPARISONS.find((candidate) => stream.isOperator(candidate));
  if (operator !== undefined) {
    stream.next();
    return operator;
  }
  if (stream.takeWord("in")) return "in";
  if (!stream.isWord("not") || !stream.isWord("in", 1)) return undefined;
  stream.next();
  stream.next();
  return "not in";
}

function parseSum(stream: TokenStream): Expression {
  return parseLeftToRight(stream, ["+", "-"], parseConcatenation);
}

function parseConcatenation(stream: TokenStream): Expression {
  const first = parseProduct(stream);
  const members = [first];
  while (stream.takeOperator("~")) members.push(parseProduct(stream));
  return members.length === 1 ? first : { kind: "concatenation", members, line: first.line };
}

function parseProduct(stream: TokenStream): Expression {
  return parseLeftToRight(stream, ["*", "/", "//", "%"], parsePower);
}

function parsePower(stream: TokenStream): Expression {
  // Unlike Python's, Jinja's power goes from left to right.
  return parseLeftToRight(stream, ["**"], (inner) => parseUnary(inner, true));
}

function parseLeftToRight(
  stream: TokenStream,
  operators: readonly ArithmeticOperator[],
  parseOperand: (stream: TokenStream) => Expression,
): Expression {
  let left = parseOperand(stream);
  for (;;) {
    const operator = operators.find((candidate) => stream.isOperator(candidate));
    if (operator === undefined) return left;
    stream.next();
    left = { kind: "arithmetic", operator, left, right: parseOperand(stream), line: left.line };
  }
}

function parseUnary(stream: TokenStream, withFilters: boolean): Expression {
  const { line } = stream.current;
  const sign = stream.takeOperator("-") ? "-" : stream.takeOperator("+") ? "+" : undefined;
  const operand =
    sign === undefined
      ? parsePrimary(stream)
      : ({ kind: "sign", operator: sign, operand: stream.nested(() => parseUnary(stream, false)), line } as const);
  const node = parsePostfix(stream, operand);
  return withFilters ? parseFilters(stream, node) : node;
}

function parsePrimary(stream: TokenStream): Expression {
  const token = stream.current;
  const { line } = token;
  switch (token.kind) {
    case "name": {
      stream.next();
      const constant = CONSTANTS.get(token.text);
      return constant === undefined
        ? { kind: "name", name: token.text, line }
        : { kind: "constant", value: constant, line };
    }
    case "string": {
      let value = "";
      while (stream.current.kind === "string") {
        const part = stream.next().value;
        if (typeof part === "string") value += part;
      }
      return { kind: "constant", value, line };
    }
    case "number":
      return { kind: "constant", value: stream.next().value, line };
    default:
      return parseBrackets(stream, line);
  }
}

function parseBrackets(stream: TokenStream, line: number): Expression {
  if (stream.takeOperator("(")) {
    const inner = parseTuple(stream, { isEnclosed: true });
    stream.expectOperator(")");
    return inner;
  }
  if (stream.takeOperator("[")) {
    return { kind: "list", members: parseMembers(stream, "]", () => parseExpression(stream)), line };
  }
  if (!stream.takeOperator("{")) throw stream.error(`unexpected '${stream.current.text}'`);
  const pairs = parseMembers(stream, "}", (): [Expression, Expression] => {
    const key = parseExpression(stream);
    stream.expectOperator(":");
    return [key, parseExpression(stream)];
  });
  return { kind: "dict", pairs, line };
}

function parseMembers<Member>(stream: TokenStream, close: string, parseMember: () => Member): Member[] {
  const members: Member[] = [];
  while (!stream.isOperator(close)) {
    if (members.length > 0) stream.expectOperator(",");
    if (stream.isOperator(close)) break;
    members.push(parseMember());
  }
  stream.expectOperator(close);
  return members;
}

function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let target = start;
  for (;;) {
    const { line } = stream.current;
    if (stream.takeOperator(".")) target = parseDot(stream, target);
    else if (stream.takeOperator("[")) target = parseSubscript(stream, target);
    else if (stream.isOperator("(")) target = { kind: "call", target, call: parseCall(stream), line };
    else return target;
  }
}

function parseDot(stream: TokenStream, target: Expression): Expression {
  const token = stream.next();
  const { line } = token;
  if (token.kind === "name") return { kind: "attribute", target, name: token.text, line };
  if (token.kind !== "number" || /[.e]/i.test(token.text)) throw stream.error("expected name or number");
  return { kind: "subscript", target, key: { kind: "constant", value: token.value, line }, line };
}

function parseSubscript(stream: TokenStream, target: Expression): Expression {
  const { line } = stream.current;
  const bounds = parseSliceBounds(stream);
  if (!("kind" in bounds)) {
    if (!stream.takeOperator("]")) throw stream.unsupported("a slice within a tuple subscript");
    return { kind: "slice", target, bounds, line };
  }
  if (stream.takeOperator("]")) return { kind: "subscript", target, key: bounds, line };
  const members = [bounds];
  while (stream.takeOperator(",")) members.push(parseExpression(stream));
  stream.expectOperator("]");
  return { kind: "subscript", target, key: { kind: "tuple", members, line }, line };
}

/** A subscript's single key, or the three bounds of a slice. */
function parseSliceBounds(stream: TokenStream): Expression | (Expression | null)[] {
  const start = stream.isOperator(":") ? null : parseExpression(stream);
  if (start !== null && !stream.isOperator(":")) return start;
  stream.expectOperator(":");
  const stop = isBoundMissing(stream) ? null : parseExpression(stream);
  if (!stream.takeOperator(":")) return [start, stop, null];
  return [start, stop, isBoundMissing(stream) ? null : parseExpression(stream)];
}

function isBoundMissing(stream: TokenStream): boolean {
  return stream.isOperator(":") || stream.isOperator("]") || stream.isOperator(",");
}

function parseCall(stream: TokenStream): CallSyntax {
  stream.expectOperator("(");
  const positional: Expression[] = [];
  const named: [string, Expression][] = [];
  while (!stream.isOperator(")")) {
    if (positional.length + named.length > 0) stream.expectOperator(",");
    if (stream.isOperator(")")) break;
    if (stream.isOperator("*") || stream.isOperator("**")) throw stream.unsupported("* or ** in a call's arguments");
    if (stream.current.kind === "name" && stream.isOperator("=", 1)) {
      const name = stream.next().text;
      stream.next();
      named.push([name, parseExpression(stream)]);
    } else {
      if (named.length > 0) throw stream.error("invalid syntax for function call expression");
      positional.push(parseExpression(stream));
    }
  }
  stream.next();
  return { positional, named };
}

function parseFilters(stream: TokenStream, start: Expression): Expression {
  let target = start;
  for (;;) {
    const { line } = stream.current;
    if (stream.takeOperator("|")) {
      const name = parseDottedName(stream);
      const call = stream.isOperator("(") ? parseCall(stream) : { positional: [], named: [] };
      target = { kind: "filter", target, name, call, line };
    } else if (stream.takeWord("is")) target = parseTest(stream, target);
    else if (stream.isOperator("(")) target = { kind: "call", target, call: parseCall(stream), line };
    else return target;
  }
}

function parseDottedName(stream: TokenStream): string {
  let name = stream.expect("name").text;
  while (stream.takeOperator(".")) name += `.${stream.expect("name").text}`;
  return name;
}

function parseTest(stream: TokenStream, target: Expression): Expression {
  const { line } = stream.current;
  const isNegated = stream.takeWord("not");
  const name = parseDottedName(stream);
  const test: Expression = { kind: "test", target, name, call: parseTestArguments(stream), line };
  return isNegated ? { kind: "not", operand: test, line } : test;
}

// A test takes one argument without parentheses: `x is divisibleby 3`.
function parseTestArguments(stream: TokenStream): CallSyntax {
  if (stream.isOperator("(")) return parseCall(stream);
  const { kind, text } = stream.current;
  const startsArgument =
    kind === "name" || kind === "string" || kind === "number" || stream.isOperator("[") || stream.isOperator("{");
  if (!startsArgument || (kind === "name" && (text === "else" || text === "or" || text === "and"))) {
    return { positional: [], named: [] };
  }
  if (stream.isWord("is")) throw stream.error("You cannot chain multiple tests with is");
  return { positional: [parsePostfix(stream, parsePrimary(stream))], named: [] };
}
