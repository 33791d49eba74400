import type { ArithmeticOperator } from "../python/arithmetic.ts";
import type { PythonValue } from "../python/value.ts";

/** The arguments of a call, filter or test. */
export interface CallSyntax {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
}

/** Comparison operators; a chain compares neighbours. */
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

/** An expression; `line` is its line in the template, from 1. */
export type Expression = { readonly line: number } & (
  | { readonly kind: "constant"; readonly value: PythonValue }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list" | "tuple"; readonly members: readonly Expression[] }
  | { readonly kind: "dict"; readonly pairs: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "attribute"; readonly target: Expression; readonly name: string }
  | { readonly kind: "subscript"; readonly target: Expression; readonly key: Expression }
  | { readonly kind: "slice"; readonly target: Expression; readonly bounds: readonly (Expression | null)[] }
  | { readonly kind: "call"; readonly target: Expression; readonly call: CallSyntax }
  | { readonly kind: "filter"; readonly target: Expression; readonly name: string; readonly call: CallSyntax }
  | { readonly kind: "test"; readonly target: Expression; readonly name: string; readonly call: CallSyntax }
  | {
      readonly kind: "arithmetic";
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "sign"; readonly operator: "+" | "-"; readonly operand: Expression }
  | { readonly kind: "concatenation"; readonly members: readonly Expression[] }
  | {
      readonly kind: "comparison";
      readonly first: Expression;
      readonly rest: readonly (readonly [ComparisonOperator, Expression])[];
    }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly positive: Expression;
      readonly negative: Expression | null;
    }
);

/** Where a value is stored: a name, an attribute of a namespace, or a tuple of targets. */
export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "namespace"; readonly name: string; readonly attribute: string }
  | { readonly kind: "tuple"; readonly members: readonly Target[] };

/** One `if` or `elif` with its body. */
export interface Branch {
  readonly test: Expression;
  readonly body: readonly Statement[];
}

/** A part of a template. */
export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly expression: Expression }
  | { readonly kind: "if"; readonly branches: readonly Branch[]; readonly otherwise: readonly Statement[] }
  | {
      readonly kind: "for";
      readonly target: Target;
      readonly iterable: Expression;
      readonly test: Expression | null;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
  | { readonly kind: "setBlock"; readonly target: Target; readonly body: readonly Statement[] };
