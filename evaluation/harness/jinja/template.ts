// Jinja as the harness sets it up (`lm_eval/utils.py`): StrictUndefined, a trailing newline kept, no autoescape. A template
// is parsed and turned into closures once; a render only calls them.
import { PythonError } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { iterate } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { type PythonDict, PythonTuple, isList, type PythonValue, typeName } from "../python/value.ts";
import { compileExpression } from "./evaluate.ts";
import { parseTemplate } from "./parse-template.ts";
import { defined, LoopState, Namespace } from "./runtime-value.ts";
import { Scope } from "./scope.ts";
import type { Statement, Target } from "./syntax.ts";

/** A compiled template. */
export interface Template {
  /** The text for one document. Throws PythonError as Python would raise it. */
  render(variables: PythonDict): string;
}

type Writer = (scope: Scope) => string;
type Of<Kind extends Statement["kind"]> = Extract<Statement, { readonly kind: Kind }>;

/** Compiles a template. Throws TemplateSyntaxError as Jinja does, and Unsupported for what is not done here exactly. */
export function compileTemplate(source: string): Template {
  const write = compileBody(parseTemplate(source));
  return { render: (variables) => write(new Scope(variables)) };
}

function compileBody(statements: readonly Statement[]): Writer {
  const writers = statements.map(compileStatement);
  if (writers.length === 1) return writers[0]!;
  return (scope) => {
    let text = "";
    for (const write of writers) text += write(scope);
    return text;
  };
}

function compileStatement(statement: Statement): Writer {
  switch (statement.kind) {
    case "text":
      return () => statement.text;
    case "output": {
      const value = compileExpression(statement.expression);
      return (scope) => str(value(scope));
    }
    case "if":
      return compileIf(statement);
    case "for":
      return compileFor(statement);
    case "set": {
      const value = compileExpression(statement.value);
      return (scope) => {
        assign(scope, statement.target, value(scope));
        return "";
      };
    }
    case "setBlock": {
      const body = compileBody(statement.body);
      return (scope) => {
        assign(scope, statement.target, body(scope.inner()));
        return "";
      };
    }
  }
}

function compileIf({ branches, otherwise }: Of<"if">): Writer {
  const compiled = branches.map(({ test, body }) => ({ test: compileExpression(test), body: compileBody(body) }));
  const last = compileBody(otherwise);
  return (scope) => {
    for (const { test, body } of compiled) if (isTruthy(test(scope))) return body(scope);
    return last(scope);
  };
}

function compileFor({ target, iterable, test, body, otherwise }: Of<"for">): Writer {
  const [values, write, empty] = [compileExpression(iterable), compileBody(body), compileBody(otherwise)];
  const condition = test === null ? null : compileExpression(test);
  return (scope) => {
    const wanted = Array.from(iterate(defined(values(scope)))).filter((value) => {
      if (condition === null) return true;
      const inner = scope.inner();
      assign(inner, target, value);
      return isTruthy(condition(inner));
    });
    if (wanted.length === 0) return empty(scope.inner());
    const loop = new LoopState(wanted);
    let text = "";
    wanted.forEach((value, index) => {
      loop.index0 = index;
      const inner = scope.inner();
      inner.set("loop", loop);
      assign(inner, target, value);
      text += write(inner);
    });
    return text;
  };
}

function assign(scope: Scope, target: Target, value: PythonValue): void {
  switch (target.kind) {
    case "name":
      return scope.set(target.name, value);
    case "namespace": {
      const owner = scope.lookUp(target.name);
      if (owner instanceof Namespace) {
        owner.attributes.set(target.attribute, value);
        return;
      }
      throw new PythonError("TypeError", "cannot assign attribute on non-namespace object");
    }
    case "tuple": {
      const members = unpack(value, target.members.length);
      target.members.forEach((member, index) => assign(scope, member, members[index]!));
    }
  }
}

function unpack(value: PythonValue, count: number): readonly PythonValue[] {
  const members = isList(value)
    ? value
    : value instanceof PythonTuple
      ? value.values
      : Array.from(iterate(defined(value)));
  if (members.length === count) return members;
  const problem =
    members.length > count
      ? `too many values to unpack (expected ${count})`
      : `not enough values to unpack (expected ${count}, got ${members.length})`;
  throw new PythonError("ValueError", `${problem} from ${typeName(value)}`);
}
