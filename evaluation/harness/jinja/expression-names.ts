import type { CallSyntax, Expression, Statement, Target } from "./syntax.ts";

/** The expressions that stand directly in an expression. */
function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "constant":
    case "name":
      return [];
    case "list":
    case "tuple":
    case "concatenation":
      return expression.members;
    case "dict":
      return expression.pairs.flat();
    case "attribute":
      return [expression.target];
    case "subscript":
      return [expression.target, expression.key];
    case "slice":
      return [expression.target, ...expression.bounds.filter((bound) => bound !== null)];
    case "call":
    case "filter":
    case "test":
      return [expression.target, ...argumentsOf(expression.call)];
    case "arithmetic":
    case "and":
    case "or":
      return [expression.left, expression.right];
    case "sign":
    case "not":
      return [expression.operand];
    case "comparison":
      return [expression.first, ...expression.rest.map(([, operand]) => operand)];
    case "conditional":
      return [expression.test, expression.positive, ...(expression.negative === null ? [] : [expression.negative])];
  }
}

/** The names that an expression reads. */
export function namesIn(expression: Expression): string[] {
  return expression.kind === "name" ? [expression.name] : partsOf(expression).flatMap(namesIn);
}

/** The names that a target writes. */
export function namesOf(target: Target): string[] {
  if (target.kind === "tuple") return target.members.flatMap(namesOf);
  return target.kind === "name" ? [target.name] : [];
}

function argumentsOf({ positional, named }: CallSyntax): Expression[] {
  return [...positional, ...named.map(([, value]) => value)];
}

/** Whether statements read the name anywhere, also in their inner frames. */
export function readsName(statements: readonly Statement[], name: string): boolean {
  return statements.some((statement) => {
    switch (statement.kind) {
      case "text":
        return false;
      case "output":
        return namesIn(statement.expression).includes(name);
      case "set":
        return namesIn(statement.value).includes(name);
      case "setBlock":
        return readsName(statement.body, name);
      case "if":
        return (
          statement.branches.some(({ test, body }) => namesIn(test).includes(name) || readsName(body, name)) ||
          readsName(statement.otherwise, name)
        );
      case "for":
        return (
          namesIn(statement.iterable).includes(name) ||
          (statement.test !== null && namesIn(statement.test).includes(name)) ||
          readsName([...statement.body, ...statement.otherwise], name)
        );
    }
  });
}
