// Python's statements: modules and the blocks within them.
import { parseExpression, parseExpressions, parseParameters, parseTarget } from "./parse-expression.ts";
import type { Expression, Handler, Statement } from "./syntax.ts";
import { TokenReader } from "./token-reader.ts";
import { tokenize } from "./tokens.ts";

const AUGMENTING = ["+=", "-=", "*=", "/=", "//=", "%=", "**=", "|=", "&=", "^=", ">>=", "<<=", "@="];

/** A module's statements. Throws SyntaxError for what Python would not read, or what is not understood here. */
export function parseModule(source: string): readonly Statement[] {
  const reader = new TokenReader(tokenize(source));
  const statements: Statement[] = [];
  while (reader.next.kind !== "end") {
    if (reader.next.kind === "newline") reader.take();
    else statements.push(...parseStatement(reader));
  }
  return statements;
}

function parseBlock(reader: TokenReader): readonly Statement[] {
  reader.expect(":");
  if (reader.next.kind !== "newline") return parseSimpleLine(reader);
  reader.take();
  if (reader.take().kind !== "indent") throw reader.error("expected an indented block");
  const statements: Statement[] = [];
  while (!endsBlock(reader)) {
    if (reader.next.kind === "newline") reader.take();
    else statements.push(...parseStatement(reader));
  }
  reader.take();
  return statements;
}

function endsBlock(reader: TokenReader): boolean {
  return reader.next.kind === "dedent";
}

function parseStatement(reader: TokenReader): readonly Statement[] {
  if (reader.next.kind === "name") {
    switch (reader.next.text) {
      case "if":
        reader.take();
        return [parseIf(reader)];
      case "for":
        return [parseFor(reader)];
      case "while":
        return [parseWhile(reader)];
      case "try":
        return [parseTry(reader)];
      case "def":
        return [parseDefinition(reader, [])];
      case "class":
        return [parseClass(reader)];
      case "with":
        return [parseWith(reader)];
      case "async":
        reader.take();
        return parseStatement(reader).map((statement) => ({
          kind: "refused",
          construct: "async",
          binds: statement.kind === "def" ? [statement.name] : [],
        }));
    }
  }
  if (reader.sees("@")) return [parseDecorated(reader)];
  return parseSimpleLine(reader);
}

function parseIf(reader: TokenReader): Statement {
  const test = parseNamed(reader);
  const whenTrue = parseBlock(reader);
  if (reader.skip("elif")) return { kind: "if", test, whenTrue, otherwise: [parseIf(reader)] };
  return { kind: "if", test, whenTrue, otherwise: parseElse(reader) };
}

function parseNamed(reader: TokenReader): Expression {
  return parseExpressions(reader);
}

function parseElse(reader: TokenReader): readonly Statement[] {
  return reader.skip("else") ? parseBlock(reader) : [];
}

function parseFor(reader: TokenReader): Statement {
  reader.expect("for");
  const target = parseTarget(reader);
  reader.expect("in");
  const source = parseExpressions(reader);
  const body = parseBlock(reader);
  return { kind: "for", target, source, body, otherwise: parseElse(reader) };
}

function parseWhile(reader: TokenReader): Statement {
  reader.expect("while");
  const test = parseNamed(reader);
  const body = parseBlock(reader);
  return { kind: "while", test, body, otherwise: parseElse(reader) };
}

function parseTry(reader: TokenReader): Statement {
  reader.expect("try");
  const body = parseBlock(reader);
  const handlers: Handler[] = [];
  while (reader.skip("except")) {
    const types = reader.sees(":") ? null : parseExpressions(reader);
    const name = reader.skip("as") ? reader.name() : null;
    handlers.push({ types, name, body: parseBlock(reader) });
  }
  const otherwise = parseElse(reader);
  const last = reader.skip("finally") ? parseBlock(reader) : [];
  return { kind: "try", body, handlers, otherwise, last };
}

function parseDecorated(reader: TokenReader): Statement {
  const decorators: Expression[] = [];
  while (reader.skip("@")) {
    decorators.push(parseExpression(reader));
    if (reader.take().kind !== "newline") throw reader.error("expected a line's end after a decorator");
  }
  if (reader.sees("class")) return parseClass(reader);
  if (reader.skip("async")) return refuse("async", parseDefinition(reader, decorators));
  return parseDefinition(reader, decorators);
}

function refuse(construct: string, statement: Statement): Statement {
  return { kind: "refused", construct, binds: statement.kind === "def" ? [statement.name] : [] };
}

function parseDefinition(reader: TokenReader, decorators: readonly Expression[]): Statement {
  reader.expect("def");
  const name = reader.name();
  reader.expect("(");
  const parameters = parseParameters(reader, ")");
  reader.expect(")");
  if (reader.skip("->")) parseExpression(reader);
  return { kind: "def", name, parameters, body: parseBlock(reader), decorators };
}

function parseClass(reader: TokenReader): Statement {
  reader.expect("class");
  const name = reader.name();
  if (reader.skip("(")) {
    let depth = 1;
    while (depth > 0 && reader.next.kind !== "end") {
      const { text } = reader.take();
      depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    }
  }
  parseBlock(reader);
  return { kind: "refused", construct: `the class ${name}`, binds: [name] };
}

function parseWith(reader: TokenReader): Statement {
  reader.expect("with");
  const items: { value: Expression; target: Expression | null }[] = [];
  // In brackets only where `as` stands in them: else they belong to the first value.
  const isParenthesised = reader.sees("(") && reader.seesWithin("as");
  if (isParenthesised) reader.expect("(");
  do {
    if (isParenthesised && reader.sees(")")) break;
    const value = parseExpression(reader);
    items.push({ value, target: reader.skip("as") ? parseTargetOfWith(reader) : null });
  } while (reader.skip(","));
  if (isParenthesised) reader.expect(")");
  return { kind: "with", items, body: parseBlock(reader) };
}

function parseTargetOfWith(reader: TokenReader): Expression {
  return { kind: "name", name: reader.name() };
}

/** The names that a target binds. */
export function namesOf(target: Expression): readonly string[] {
  if (target.kind === "name") return [target.name];
  if (target.kind === "starred") return namesOf(target.value);
  if (target.kind === "tuple" || target.kind === "list") return target.items.flatMap(namesOf);
  return [];
}

function parseSimpleLine(reader: TokenReader): readonly Statement[] {
  const statements = [parseSimple(reader)];
  while (reader.skip(";")) if (reader.next.kind !== "newline") statements.push(parseSimple(reader));
  if (reader.next.kind !== "newline" && reader.next.kind !== "end") throw reader.error("invalid syntax");
  if (reader.next.kind === "newline") reader.take();
  return statements;
}

function parseSimple(reader: TokenReader): Statement {
  const word = reader.next.kind === "name" ? reader.next.text : "";
  switch (word) {
    case "return":
      reader.take();
      return { kind: "return", value: endsLine(reader) ? null : parseExpressions(reader) };
    case "break":
    case "continue":
    case "pass":
      reader.take();
      return { kind: word };
    case "raise":
      return parseRaise(reader);
    case "assert": {
      reader.take();
      const test = parseExpression(reader);
      return { kind: "assert", test, message: reader.skip(",") ? parseExpression(reader) : null };
    }
    case "global":
    case "nonlocal": {
      reader.take();
      const names = [reader.name()];
      while (reader.skip(",")) names.push(reader.name());
      return { kind: "scope", word, names };
    }
    case "del":
      reader.take();
      return { kind: "delete", targets: [parseExpressions(reader)] };
    case "import":
      return parseImport(reader);
    case "from":
      return parseFrom(reader);
    default:
      return parseAssignment(reader);
  }
}

function endsLine(reader: TokenReader): boolean {
  return reader.next.kind === "newline" || reader.next.kind === "end" || reader.sees(";");
}

function parseRaise(reader: TokenReader): Statement {
  reader.expect("raise");
  const value = endsLine(reader) ? null : parseExpression(reader);
  if (reader.skip("from")) parseExpression(reader);
  return { kind: "raise", value };
}

function parseImport(reader: TokenReader): Statement {
  reader.expect("import");
  const parts: { module: string; name: string }[] = [];
  do {
    const module = dottedName(reader);
    parts.push({ module, name: reader.skip("as") ? reader.name() : "" });
  } while (reader.skip(","));
  if (parts.length === 1) return { kind: "import", ...parts[0]! };
  // Several imports on one line: as a block that is always entered.
  return {
    kind: "if",
    test: { kind: "constant", value: true },
    whenTrue: parts.map((part) => ({ kind: "import", ...part })),
    otherwise: [],
  };
}

function dottedName(reader: TokenReader): string {
  let name = reader.name();
  while (reader.skip(".")) name += `.${reader.name()}`;
  return name;
}

function parseFrom(reader: TokenReader): Statement {
  reader.expect("from");
  let module = "";
  while (reader.sees(".", "...")) module += reader.take().text;
  if (!reader.sees("import")) module += dottedName(reader);
  reader.expect("import");
  const names: { name: string; as: string }[] = [];
  if (reader.skip("*")) return { kind: "from", module, names: [{ name: "*", as: "*" }] };
  const isParenthesised = reader.skip("(");
  while (reader.next.kind === "name") {
    const name = reader.name();
    names.push({ name, as: reader.skip("as") ? reader.name() : name });
    if (!reader.skip(",")) break;
  }
  if (isParenthesised) reader.expect(")");
  return { kind: "from", module, names };
}

function parseAssignment(reader: TokenReader): Statement {
  const first = parseExpressions(reader);
  if (reader.next.kind === "operator" && reader.sees(...AUGMENTING)) {
    const operator = reader.take().text.slice(0, -1);
    return { kind: "augment", target: first, operator, value: parseExpressions(reader) };
  }
  if (reader.skip(":")) {
    parseExpression(reader);
    if (!reader.skip("=")) return { kind: "pass" };
    return { kind: "assign", targets: [first], value: parseExpressions(reader) };
  }
  if (!reader.sees("=")) return { kind: "expression", value: first };
  const targets = [first];
  let value = first;
  while (reader.skip("=")) {
    value = parseExpressions(reader);
    targets.push(value);
  }
  return { kind: "assign", targets: targets.slice(0, -1), value };
}
