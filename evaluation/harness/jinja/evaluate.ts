// Turns expressions into closures once, so that a render only calls them. `Scope` holds the names; members, filters and
// tests have their own files.
import { calculate, negate, positive } from "../python/arithmetic.ts";
import { dictSet, equals } from "../python/equality.ts";
import { isOrdered } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { toIndex } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { PythonTuple, type PythonValue, typeName } from "../python/value.ts";
import { applyFilter, hasFilter } from "./filters.ts";
import { attribute, slice, subscript } from "./members.ts";
import { isMember, operand } from "./operand.ts";
import { Callable, type CallValues } from "./runtime-value.ts";
import { assertOrdinaryName, type Scope } from "./scope.ts";
import type { CallSyntax, ComparisonOperator, Expression } from "./syntax.ts";
import { applyTest, hasTest } from "./tests.ts";
import { Blank, defined } from "./undefined.ts";

/** A compiled expression. */
export type Evaluator = (scope: Scope) => PythonValue;

type Of<Kind extends Expression["kind"]> = Extract<Expression, { readonly kind: Kind }>;

const NO_VALUES: CallValues = { positional: [], named: new Map() };

/** Compiles an expression. Throws Unsupported for filters and tests that are not done here. */
export function compileExpression(expression: Expression): Evaluator {
  switch (expression.kind) {
    case "constant":
      return () => expression.value;
    case "name":
      assertOrdinaryName(expression.name);
      return (scope) => scope.lookUp(expression.name);
    case "list":
    case "tuple":
      return compileMembers(expression);
    case "dict":
      return compileDict(expression);
    case "attribute": {
      const target = compileExpression(expression.target);
      return (scope) => attribute(target(scope), expression.name);
    }
    case "subscript": {
      const [target, key] = [compileExpression(expression.target), compileExpression(expression.key)];
      return (scope) => subscript(target(scope), key(scope));
    }
    case "slice":
      return compileSlice(expression);
    case "call":
      return compileCall(expression);
    case "filter":
    case "test":
      return compileNamed(expression);
    case "concatenation": {
      const members = expression.members.map(compileExpression);
      return (scope) => members.map((member) => str(member(scope))).join("");
    }
    default:
      return compileOperator(expression);
  }
}

type OperatorExpression = Of<"arithmetic" | "sign" | "comparison" | "not" | "and" | "or" | "conditional">;

function compileOperator(expression: OperatorExpression): Evaluator {
  switch (expression.kind) {
    case "arithmetic": {
      const [left, right] = [compileExpression(expression.left), compileExpression(expression.right)];
      return (scope) => calculate(expression.operator, operand(left(scope)), operand(right(scope)));
    }
    case "sign": {
      const value = compileExpression(expression.operand);
      return expression.operator === "-"
        ? (scope) => negate(operand(value(scope)))
        : (scope) => positive(operand(value(scope)));
    }
    case "comparison":
      return compileComparison(expression);
    case "not": {
      const value = compileExpression(expression.operand);
      return (scope) => !isTruthy(value(scope));
    }
    case "and":
    case "or": {
      const [left, right] = [compileExpression(expression.left), compileExpression(expression.right)];
      const stopsAt = expression.kind === "or";
      return (scope) => {
        const value = left(scope);
        return isTruthy(value) === stopsAt ? value : right(scope);
      };
    }
    case "conditional":
      return compileConditional(expression);
  }
}

function compileMembers({ kind, members }: Of<"list" | "tuple">): Evaluator {
  const compiled = members.map(compileExpression);
  return (scope) => {
    const values = compiled.map((member) => member(scope));
    return kind === "list" ? values : new PythonTuple(values);
  };
}

function compileDict({ pairs }: Of<"dict">): Evaluator {
  const compiled = pairs.map(([key, value]) => [compileExpression(key), compileExpression(value)] as const);
  return (scope) => {
    const dict = new Map<PythonValue, PythonValue>();
    for (const [key, value] of compiled) dictSet(dict, operand(key(scope)), value(scope));
    return dict;
  };
}

function compileSlice({ target, bounds }: Of<"slice">): Evaluator {
  const owner = compileExpression(target);
  const [start, stop, step] = [0, 1, 2].map((position) => {
    const bound = bounds[position] ?? null;
    return bound === null ? null : compileExpression(bound);
  }) as [Evaluator | null, Evaluator | null, Evaluator | null];
  const index = (bound: Evaluator | null, scope: Scope): number | null => {
    const value = bound === null ? null : operand(bound(scope));
    return value === null ? null : toIndex(value);
  };
  return (scope) =>
    slice(owner(scope), { start: index(start, scope), stop: index(stop, scope), step: index(step, scope) });
}

function compileCall({ target, call }: Of<"call">): Evaluator {
  const callee = compileExpression(target);
  const values = compileArguments(call);
  return (scope) => {
    const called = defined(callee(scope));
    if (called instanceof Callable) return called.call(values(scope));
    throw new PythonError("TypeError", `'${typeName(called)}' object is not callable`);
  };
}

function compileNamed({ kind, target, name, call, line }: Of<"filter" | "test">): Evaluator {
  const known = kind === "filter" ? hasFilter(name) : hasTest(name);
  if (!known) throw unsupported(`the ${kind} ${name} (line ${line})`);
  const [value, values] = [compileExpression(target), compileArguments(call)];
  return kind === "filter"
    ? (scope) => applyFilter(name, value(scope), values(scope))
    : (scope) => applyTest(name, value(scope), values(scope));
}

function compileArguments({ positional, named }: CallSyntax): (scope: Scope) => CallValues {
  if (positional.length === 0 && named.length === 0) return () => NO_VALUES;
  const values = positional.map(compileExpression);
  const byName = named.map(([name, value]) => [name, compileExpression(value)] as const);
  return (scope) => ({
    positional: values.map((value) => value(scope)),
    named: new Map(byName.map(([name, value]) => [name, value(scope)])),
  });
}

function compileConditional({ test, positive, negative, line }: Of<"conditional">): Evaluator {
  const [condition, yes] = [compileExpression(test), compileExpression(positive)];
  const no =
    negative === null
      ? (): PythonValue =>
          new Blank(`the inline if-expression on line ${line} evaluated to false and no else section was defined.`)
      : compileExpression(negative);
  return (scope) => (isTruthy(condition(scope)) ? yes(scope) : no(scope));
}

function compileComparison({ first, rest }: Of<"comparison">): Evaluator {
  const start = compileExpression(first);
  const steps = rest.map(([operator, next]) => [operator, compileExpression(next)] as const);
  return (scope) => {
    let left = start(scope);
    for (const [operator, next] of steps) {
      const right = next(scope);
      if (!compare(operator, left, right)) return false;
      left = right;
    }
    return true;
  };
}

function compare(operator: ComparisonOperator, left: PythonValue, right: PythonValue): boolean {
  switch (operator) {
    case "==":
      return equals(operand(left), operand(right));
    case "!=":
      return !equals(operand(left), operand(right));
    case "in":
      return isMember(left, right);
    case "not in":
      return !isMember(left, right);
    default:
      return isOrdered(operator, operand(left), operand(right));
  }
}
