import { tokenize } from "./lexer.ts";
import { parseExpression, parseTuple } from "./parse-expression.ts";
import type { Branch, Statement, Target } from "./syntax.ts";
import { TokenStream } from "./token-stream.ts";

const MAXIMUM_TEMPLATE_LENGTH = 1_000_000;
const RESERVED_NAMES = new Set(["true", "True", "false", "False", "none", "None"]);
const REFUSED_TAGS = new Set(
  "autoescape block call extends filter from import include macro print with break continue do trans".split(" "),
);

/** Parses a template. Throws TemplateSyntaxError as Jinja does, or Unsupported with the construct's name and line. */
export function parseTemplate(source: string): Statement[] {
  const stream = new TokenStream(tokenize(source));
  if (source.length > MAXIMUM_TEMPLATE_LENGTH) throw stream.unsupported("a template of more than 1,000,000 characters");
  return parseBody(stream, []);
}

/** Statements up to one of the end words, whose block begin is taken and whose word is ahead. */
function parseBody(stream: TokenStream, endWords: readonly string[]): Statement[] {
  const statements: Statement[] = [];
  for (;;) {
    const { kind } = stream.current;
    if (kind === "end") {
      if (endWords.length > 0) throw stream.error(`Unexpected end of template, looking for ${endWords.join(" or ")}`);
      return statements;
    }
    if (kind === "text") statements.push({ kind: "text", text: stream.next().text });
    else if (kind === "variableBegin") {
      stream.next();
      statements.push({ kind: "output", expression: parseTuple(stream) });
      stream.expect("variableEnd");
    } else {
      stream.expect("blockBegin");
      if (endWords.some((word) => stream.isWord(word))) return statements;
      statements.push(stream.nested(() => parseStatement(stream)));
      stream.expect("blockEnd");
    }
  }
}

function parseStatement(stream: TokenStream): Statement {
  if (stream.takeWord("if")) return parseIf(stream);
  if (stream.takeWord("for")) return parseFor(stream);
  if (stream.takeWord("set")) return parseSet(stream);
  const { text } = stream.expect("name");
  if (REFUSED_TAGS.has(text)) throw stream.unsupported(`the tag ${text}`);
  throw stream.error(`Encountered unknown tag '${text}'`);
}

/** The body of a block after its head: `%}` statements `{%` end word, which stays ahead. */
function parseBlock(stream: TokenStream, endWords: readonly string[]): Statement[] {
  stream.takeOperator(":");
  stream.expect("blockEnd");
  return parseBody(stream, endWords);
}

function parseIf(stream: TokenStream): Statement {
  const branches: Branch[] = [];
  for (;;) {
    const test = parseTuple(stream, { withConditional: false });
    branches.push({ test, body: parseBlock(stream, ["elif", "else", "endif"]) });
    if (!stream.takeWord("elif")) break;
  }
  return { kind: "if", branches, otherwise: parseElse(stream, "endif") };
}

function parseElse(stream: TokenStream, endWord: string): Statement[] {
  const otherwise = stream.takeWord("else") ? parseBlock(stream, [endWord]) : [];
  stream.takeWord(endWord);
  return otherwise;
}

function parseFor(stream: TokenStream): Statement {
  const target = parseTarget(stream, { endWord: "in", withNamespace: false });
  if (!stream.takeWord("in")) throw stream.error(`expected 'in', got '${stream.current.text}'`);
  const iterable = parseTuple(stream, { withConditional: false, endWord: "recursive" });
  const test = stream.takeWord("if") ? parseExpression(stream) : null;
  if (stream.isWord("recursive")) throw stream.unsupported("a recursive for loop");
  const body = parseBlock(stream, ["endfor", "else"]);
  return { kind: "for", target, iterable, test, body, otherwise: parseElse(stream, "endfor") };
}

function parseSet(stream: TokenStream): Statement {
  const target = parseTarget(stream, { withNamespace: true });
  if (stream.takeOperator("=")) return { kind: "set", target, value: parseTuple(stream) };
  if (stream.isOperator("|")) throw stream.unsupported("a filter on a set block");
  const body = parseBlock(stream, ["endset"]);
  stream.next();
  return { kind: "setBlock", target, body };
}

function parseTarget(
  stream: TokenStream,
  rules: { readonly endWord?: string; readonly withNamespace: boolean },
): Target {
  const members: Target[] = [];
  let isTuple = false;
  while (stream.current.kind !== "blockEnd" && !stream.isOperator(")") && !stream.isWord(rules.endWord ?? "")) {
    members.push(parseTargetMember(stream, rules.withNamespace));
    if (!stream.takeOperator(",")) break;
    isTuple = true;
  }
  const [only] = members;
  if (only === undefined) throw stream.error(`Expected an expression, got '${stream.current.text}'`);
  return isTuple ? { kind: "tuple", members } : only;
}

function parseTargetMember(stream: TokenStream, withNamespace: boolean): Target {
  if (stream.takeOperator("(")) {
    const inner = stream.nested(() => parseTarget(stream, { withNamespace }));
    stream.expectOperator(")");
    return inner;
  }
  const name = stream.expect("name").text;
  if (RESERVED_NAMES.has(name)) throw stream.error("can't assign to 'const'");
  if (name === "loop") throw stream.unsupported("a variable named loop");
  if (withNamespace && stream.takeOperator("."))
    return { kind: "namespace", name, attribute: stream.expect("name").text };
  return { kind: "name", name };
}
