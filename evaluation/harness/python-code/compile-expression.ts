// Expressions to closures: compiled once, run for each document.
import { Lazy, type CallValues } from "../jinja/runtime-value.ts";
import { calculate, negate, positive, type ArithmeticOperator } from "../python/arithmetic.ts";
import { dictSet, equals, isIn, numericValue } from "../python/equality.ts";
import { isOrdered, type OrderOperator } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr, str } from "../python/represent.ts";
import { iterate } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, isFloat, isInt, makeFloat, PythonSet, PythonTuple, type PythonValue } from "../python/value.ts";
import { attributeOf, subscriptOf } from "./access.ts";
import { type Assign, compileTarget } from "./assign.ts";
import { parameterNames } from "./binding.ts";
import { formatValue } from "../python/format-value.ts";
import { type BoundParameters, InterpretedFunction } from "./function-value.ts";
import { namesOf } from "./parse-module.ts";
import { callValue, type Evaluate, Refused, Scope } from "./runtime.ts";
import { combineArrays } from "./number-array.ts";
import { SliceValue } from "./slice-value.ts";
import { combineSets, makeSet } from "./sets.ts";
import { PathValue } from "./text-files.ts";
import { pythonSquare } from "../scoring/elementary.ts";
import type { Clause, Expression, Parameters, TextPart } from "./syntax.ts";

const ARITHMETIC = new Set(["+", "-", "*", "/", "//", "%", "**"]);

/** Compiles an expression. Throws `unsupported` for what is not done. */
export function compileExpression(expression: Expression): Evaluate {
  switch (expression.kind) {
    case "constant": {
      const { value } = expression;
      return () => value;
    }
    case "name":
      return compileName(expression.name);
    case "text":
      return compileText(expression.parts);
    case "list":
      return compileItems(expression.items);
    case "tuple": {
      const items = compileItems(expression.items);
      return (scope) => new PythonTuple(items(scope));
    }
    case "set": {
      const items = compileItems(expression.items);
      return (scope) => makeSet(items(scope));
    }
    case "dict":
      return compileDict(expression.entries);
    case "attribute": {
      const owner = compileExpression(expression.owner);
      const { name } = expression;
      return (scope) => attributeOf(owner(scope), name);
    }
    case "subscript": {
      const [owner, index] = [compileExpression(expression.owner), compileExpression(expression.index)];
      return (scope) => subscriptOf(owner(scope), index(scope));
    }
    case "slice":
      return compileSlice(expression);
    case "call":
      return compileCall(expression);
    case "binary":
      return compileBinary(expression.operator, expression.left, expression.right);
    case "unary":
      return compileUnary(expression.operator, compileExpression(expression.value));
    case "logical":
      return compileLogical(expression.operator, expression.values.map(compileExpression));
    case "compare":
      return compileComparison(expression);
    case "conditional": {
      const [test, whenTrue, otherwise] = [expression.test, expression.whenTrue, expression.otherwise].map(
        compileExpression,
      );
      return (scope) => (isTruthy(test!(scope)) ? whenTrue!(scope) : otherwise!(scope));
    }
    case "lambda":
      return compileLambda(expression);
    case "comprehension":
      return compileComprehension(expression);
    case "walrus": {
      const value = compileExpression(expression.value);
      return (scope) => {
        const result = value(scope);
        scope.set(expression.name, result);
        return result;
      };
    }
    case "starred":
      throw unsupported("a starred expression here");
    case "refused":
      throw unsupported(expression.construct);
  }
}

function compileName(name: string): Evaluate {
  return (scope) => {
    const value = scope.find(name);
    if (value === undefined) throw new PythonError("NameError", `name '${name}' is not defined`);
    if (value instanceof Refused) throw unsupported(value.reason);
    return value;
  };
}

function compileText(parts: readonly TextPart[]): Evaluate {
  const compiled = parts.map((part): Evaluate => {
    if (typeof part === "string") return () => part;
    const value = compileExpression(part.value);
    const format = compileText(part.format);
    if (part.conversion === "a") throw unsupported("the conversion !a");
    const convert = part.conversion === "r" ? repr : part.conversion === "s" ? str : (whole: PythonValue) => whole;
    return (scope) => formatValue(convert(value(scope)), format(scope) as string);
  });
  return (scope) => compiled.map((part) => part(scope) as string).join("");
}

function compileItems(items: readonly Expression[]): (scope: Scope) => PythonValue[] {
  const compiled = items.map((item) =>
    item.kind === "starred"
      ? { value: compileExpression(item.value), isSpread: true }
      : { value: compileExpression(item), isSpread: false },
  );
  return (scope) => {
    const values: PythonValue[] = [];
    for (const { value, isSpread } of compiled) {
      if (isSpread) values.push(...iterate(value(scope)));
      else values.push(value(scope));
    }
    return values;
  };
}

function compileDict(entries: readonly (readonly [Expression | null, Expression])[]): Evaluate {
  const compiled = entries.map(([key, value]) => ({
    key: key === null ? null : compileExpression(key),
    value: compileExpression(value),
  }));
  return (scope) => {
    const dict = new Map<PythonValue, PythonValue>();
    for (const { key, value } of compiled) {
      if (key !== null) dictSet(dict, key(scope), value(scope));
      else {
        const merged = value(scope);
        if (!isDict(merged)) throw unsupported("** of something else than a dict");
        for (const [name, member] of merged) dictSet(dict, name, member);
      }
    }
    return dict;
  };
}

function compileSlice(slice: Extract<Expression, { kind: "slice" }>): Evaluate {
  const [start, stop, step] = [slice.start, slice.stop, slice.step].map((part) =>
    part === null ? () => null : compileExpression(part),
  );
  return (scope) => new SliceValue([start!(scope), stop!(scope), step!(scope)]);
}

function compileCall(call: Extract<Expression, { kind: "call" }>): Evaluate {
  const callee = compileExpression(call.callee);
  const positional = compileItems(call.positional);
  const named = call.named.map(([name, value]) => ({ name, value: compileExpression(value) }));
  return (scope) => {
    const target = callee(scope);
    const values: CallValues = { positional: positional(scope), named: namedValues(named, scope) };
    scope.counter.step();
    return callValue(target, values);
  };
}

const NO_NAMES: ReadonlyMap<string, PythonValue> = new Map();

function namedValues(
  named: readonly { readonly name: string | null; readonly value: Evaluate }[],
  scope: Scope,
): ReadonlyMap<string, PythonValue> {
  if (named.length === 0) return NO_NAMES;
  const values = new Map<string, PythonValue>();
  for (const { name, value } of named) {
    const given = value(scope);
    if (name !== null) values.set(name, given);
    else if (isDict(given)) for (const [key, member] of given) values.set(str(key), member);
    else throw unsupported("** of something else than a dict");
  }
  return values;
}

function compileBinary(operator: string, leftSide: Expression, rightSide: Expression): Evaluate {
  const [left, right] = [compileExpression(leftSide), compileExpression(rightSide)];
  return (scope) => applyBinary(operator, left(scope), right(scope));
}

/** Python's `left OPERATOR right`. */
export function applyBinary(operator: string, left: PythonValue, right: PythonValue): PythonValue {
  const combined = combineSets(operator, left, right);
  if (combined !== undefined) return combined;
  const arrays = combineArrays(operator, left, right);
  if (arrays !== undefined) return arrays;
  if (operator === "/" && left instanceof PathValue) return left.join(right);
  if (operator === "**" && isFloat(left) && right === 2) return makeFloat(pythonSquare(Number(numericValue(left))));
  if (ARITHMETIC.has(operator)) return calculate(operator as ArithmeticOperator, left, right);
  if (isInt(left) && isInt(right) && ["&", "|", "^"].includes(operator)) {
    const [first, second] = [BigInt(left), BigInt(right)];
    const result = operator === "&" ? first & second : operator === "|" ? first | second : first ^ second;
    return Number.isSafeInteger(Number(result)) ? Number(result) : result;
  }
  throw unsupported(`the operator ${operator} of such values`);
}

function compileUnary(operator: string, value: Evaluate): Evaluate {
  if (operator === "not") return (scope) => !isTruthy(value(scope));
  if (operator === "-") return (scope) => negate(value(scope));
  if (operator === "+") return (scope) => positive(value(scope));
  throw unsupported(`the operator ${operator}`);
}

function compileLogical(operator: "and" | "or", values: readonly Evaluate[]): Evaluate {
  const stops = operator === "or";
  return (scope) => {
    let result: PythonValue = null;
    for (const value of values) {
      result = value(scope);
      if (isTruthy(result) === stops) return result;
    }
    return result;
  };
}

function compileComparison({ left, rest }: Extract<Expression, { kind: "compare" }>): Evaluate {
  const first = compileExpression(left);
  const others = rest.map(([operator, value]) => ({ operator, value: compileExpression(value) }));
  return (scope) => {
    let previous = first(scope);
    for (const { operator, value } of others) {
      const next = value(scope);
      if (!compareValues(operator, previous, next)) return false;
      previous = next;
    }
    return true;
  };
}

function compareValues(operator: string, left: PythonValue, right: PythonValue): boolean {
  switch (operator) {
    case "==":
      return equals(left, right);
    case "!=":
      return !equals(left, right);
    case "in":
      return isIn(left, right);
    case "not in":
      return !isIn(left, right);
    case "is":
      return isSame(left, right);
    case "is not":
      return !isSame(left, right);
    default:
      if (left instanceof PythonSet && right instanceof PythonSet) throw unsupported(`${operator} of sets`);
      return isOrdered(operator as OrderOperator, left, right);
  }
}

/** Identity is only known of singletons and of objects that are not numbers or texts. */
function isSame(left: PythonValue, right: PythonValue): boolean {
  const isKnown = (value: PythonValue): boolean => value === null || typeof value === "boolean";
  if (isKnown(left) || isKnown(right)) return left === right;
  if (typeof left === "object" && typeof right === "object") return left === right;
  throw unsupported("`is` between numbers or texts");
}

function compileLambda({ parameters, body }: Extract<Expression, { kind: "lambda" }>): Evaluate {
  const evaluate = compileExpression(body);
  const bind = compileParameters(parameters);
  const locals = new Set(parameterNames(parameters));
  return (scope) =>
    new InterpretedFunction({ name: "<lambda>", bound: bind(scope), locals, syntax: body, scope }, evaluate);
}

/** Compiles a parameter list; its defaults are evaluated where the function is defined. */
export function compileParameters(parameters: Parameters): (scope: Scope) => BoundParameters {
  const defaults = [...parameters.names, ...parameters.named].flatMap(({ name, fallback }) =>
    fallback === null ? [] : [{ name, value: compileExpression(fallback) }],
  );
  return (scope) => ({ parameters, defaults: new Map(defaults.map(({ name, value }) => [name, value(scope)])) });
}

interface CompiledClause {
  readonly assign: Assign;
  readonly source: Evaluate;
  readonly conditions: readonly Evaluate[];
}

function compileComprehension(made: Extract<Expression, { kind: "comprehension" }>): Evaluate {
  const clauses = made.clauses.map(({ target, source, conditions }: Clause): CompiledClause => ({
    assign: compileTarget(target, compileExpression),
    source: compileExpression(source),
    conditions: conditions.map(compileExpression),
  }));
  const locals = new Set(made.clauses.flatMap(({ target }) => namesOf(target)));
  const element = compileExpression(made.element);
  const key = made.key === null ? null : compileExpression(made.key);
  const first = clauses[0]!.source;
  const run = function* (outer: Scope): Generator<Scope> {
    // The first source belongs to the scope around, and is evaluated at once.
    const scope = new Scope(outer, outer.counter, locals);
    yield* entries(clauses, 0, scope);
  };
  switch (made.shape) {
    case "generator":
      return (scope) => {
        const source = iterate(first(scope));
        const rest = [{ ...clauses[0]!, source: () => new Lazy(source) }, ...clauses.slice(1)];
        const values = function* (): Generator<PythonValue> {
          for (const inner of entries(rest, 0, new Scope(scope, scope.counter, locals))) yield element(inner);
        };
        return new Lazy(values());
      };
    case "list":
      return (scope) => Array.from(run(scope), element);
    case "set":
      return (scope) => makeSet(Array.from(run(scope), element));
    case "dict":
      return (scope) => {
        const dict = new Map<PythonValue, PythonValue>();
        for (const inner of run(scope)) dictSet(dict, key!(inner), element(inner));
        return dict;
      };
  }
}

/** One scope, entered once for each member that passes. */
function* entries(clauses: readonly CompiledClause[], depth: number, scope: Scope): Generator<Scope> {
  const clause = clauses[depth];
  if (clause === undefined) {
    yield scope;
    return;
  }
  for (const value of iterate(depth === 0 ? clause.source(scope.parent!) : clause.source(scope))) {
    scope.counter.step();
    clause.assign(value, scope);
    if (clause.conditions.every((condition) => isTruthy(condition(scope)))) yield* entries(clauses, depth + 1, scope);
  }
}
