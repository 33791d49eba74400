// Jinja as the harness sets it up (`lm_eval/utils.py`): StrictUndefined, a trailing newline kept, no autoescape. A template
// is parsed and turned into closures once; a render only calls them.
import { PythonError } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { iterate } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { isList, type PythonDict, PythonTuple, type PythonValue } from "../python/value.ts";
import { compileExpression, type Evaluator } from "./evaluate.ts";
import { namesOf, readsName } from "./expression-names.ts";
import { FrameNames } from "./frame-names.ts";
import { LoopState } from "./loop-state.ts";
import { parseTemplate } from "./parse-template.ts";
import { Lazy, Namespace } from "./runtime-value.ts";
import { Scope } from "./scope.ts";
import type { Statement, Target } from "./syntax.ts";
import { Undefined } from "./undefined.ts";

/** A compiled template. */
export interface Template {
  /** The text for one document. Throws PythonError as Python would raise it. */
  render(variables: PythonDict): string;
}

type Writer = (scope: Scope) => string;
type Of<Kind extends Statement["kind"]> = Extract<Statement, { readonly kind: Kind }>;

/** Compiles a template. Throws TemplateSyntaxError as Jinja does, and Unsupported for what is not done here exactly. */
export function compileTemplate(source: string): Template {
  const statements = parseTemplate(source);
  const frame = new FrameNames(null).visit(statements);
  const write = compileFrame(statements, frame);
  return { render: (variables) => write(new Scope(variables)) };
}

/** A body whose scope is new each time: names that it writes later have no value yet. */
function compileFrame(statements: readonly Statement[], frame: FrameNames): Writer {
  const write = compileBody(statements, frame);
  const unset = frame.unset().map((name) => [name, new Undefined(`'${name}' is undefined`)] as const);
  if (unset.length === 0) return write;
  return (scope) => {
    for (const [name, value] of unset) scope.set(name, value);
    return write(scope);
  };
}

function compileBody(statements: readonly Statement[], frame: FrameNames): Writer {
  const writers = statements.map((statement) => compileStatement(statement, frame));
  const [only] = writers;
  if (writers.length === 1 && only !== undefined) return only;
  return (scope) => {
    let text = "";
    for (const write of writers) text += write(scope);
    return text;
  };
}

function compileStatement(statement: Statement, frame: FrameNames): Writer {
  switch (statement.kind) {
    case "text":
      return () => statement.text;
    case "output": {
      const value = compileExpression(statement.expression);
      return (scope) => str(value(scope));
    }
    case "if":
      return compileIf(statement, frame);
    case "for":
      return compileFor(statement, frame);
    case "set": {
      const value = compileExpression(statement.value);
      return (scope) => {
        assign(scope, statement.target, value(scope));
        return "";
      };
    }
    case "setBlock": {
      const body = compileFrame(statement.body, new FrameNames(frame).visit(statement.body));
      return (scope) => {
        assign(scope, statement.target, body(scope.inner()));
        return "";
      };
    }
  }
}

function compileIf({ branches, otherwise }: Of<"if">, frame: FrameNames): Writer {
  const compiled = branches.map(({ test, body }) => ({
    test: compileExpression(test),
    body: compileBody(body, frame),
  }));
  const last = compileBody(otherwise, frame);
  return (scope) => {
    for (const { test, body } of compiled) if (isTruthy(test(scope))) return body(scope);
    return last(scope);
  };
}

function compileFor(loop: Of<"for">, frame: FrameNames): Writer {
  const names = namesOf(loop.target);
  const readsLoop = readsName(loop.body, "loop");
  const bodyFrame = new FrameNames(frame, readsLoop ? ["loop", ...names] : names).visit(loop.body);
  const write = compileFrame(loop.body, bodyFrame);
  const empty = compileFrame(loop.otherwise, new FrameNames(frame).visit(loop.otherwise));
  const values = compileIterable(loop);
  return (scope) => {
    // Without a need for `loop`, values are taken one at a time just the same.
    const state = new LoopState(values(scope));
    let text = "";
    let isEmpty = true;
    for (let value = state.next(); value !== undefined; value = state.next()) {
      isEmpty = false;
      const inner = scope.inner();
      if (readsLoop) inner.set("loop", state);
      assign(inner, loop.target, value);
      text += write(inner);
    }
    return isEmpty ? empty(scope.inner()) : text;
  };
}

/** The values of a loop. Those of `for ... if` are tested only when their turn comes. */
function compileIterable({ target, iterable, test }: Of<"for">): Evaluator {
  const values = compileExpression(iterable);
  if (test === null) return values;
  const condition = compileExpression(test);
  return (scope) => {
    const all = iterate(values(scope));
    return new Lazy(
      (function* () {
        for (const value of all) {
          const inner = scope.inner();
          assign(inner, target, value);
          if (isTruthy(condition(inner))) yield value;
        }
      })(),
    );
  };
}

function assign(scope: Scope, target: Target, value: PythonValue): void {
  switch (target.kind) {
    case "name":
      return scope.set(target.name, value);
    case "namespace": {
      const owner = scope.lookUp(target.name);
      if (!(owner instanceof Namespace))
        throw new PythonError("TypeError", "cannot assign attribute on non-namespace object");
      owner.attributes.set(target.attribute, value);
      return;
    }
    case "tuple": {
      const members = unpack(value, target.members.length);
      target.members.forEach((member, index) => assign(scope, member, members[index]!));
    }
  }
}

function unpack(value: PythonValue, count: number): readonly PythonValue[] {
  const members = isList(value) ? value : value instanceof PythonTuple ? value.values : Array.from(iterate(value));
  if (members.length === count) return members;
  const problem =
    members.length > count
      ? `too many values to unpack (expected ${count})`
      : `not enough values to unpack (expected ${count}, got ${members.length})`;
  throw new PythonError("ValueError", problem);
}
