// The syntax tree of Python code, as far as task helpers use it.
import type { PythonValue } from "../python/value.ts";

/** A piece of an f-string: text, or a value with its conversion (`r`, `s` or none) and format. */
export type TextPart =
  | string
  | { readonly value: Expression; readonly conversion: string; readonly format: readonly TextPart[] };

/** One `for ... in ... if ...` of a comprehension. */
export interface Clause {
  readonly target: Expression;
  readonly source: Expression;
  readonly conditions: readonly Expression[];
}

/** A parameter list. */
export interface Parameters {
  readonly names: readonly { readonly name: string; readonly fallback: Expression | null }[];
  /** The name of `*args`, or "" for a bare `*`, or null. */
  readonly rest: string | null;
  readonly named: readonly { readonly name: string; readonly fallback: Expression | null }[];
  readonly others: string | null;
}

/** An expression. `refused` stands for what is understood as far as its end, and never done. */
export type Expression =
  | { readonly kind: "constant"; readonly value: PythonValue }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "text"; readonly parts: readonly TextPart[] }
  | { readonly kind: "list" | "tuple" | "set"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [Expression | null, Expression])[] }
  | { readonly kind: "attribute"; readonly owner: Expression; readonly name: string }
  | { readonly kind: "subscript"; readonly owner: Expression; readonly index: Expression }
  | {
      readonly kind: "slice";
      readonly start: Expression | null;
      readonly stop: Expression | null;
      readonly step: Expression | null;
    }
  | {
      readonly kind: "call";
      readonly callee: Expression;
      readonly positional: readonly Expression[];
      readonly named: readonly (readonly [string | null, Expression])[];
    }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "unary"; readonly operator: string; readonly value: Expression }
  | { readonly kind: "logical"; readonly operator: "and" | "or"; readonly values: readonly Expression[] }
  | {
      readonly kind: "compare";
      readonly left: Expression;
      readonly rest: readonly (readonly [string, Expression])[];
    }
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly whenTrue: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: "lambda"; readonly parameters: Parameters; readonly body: Expression }
  | {
      readonly kind: "comprehension";
      readonly shape: "list" | "set" | "generator" | "dict";
      readonly key: Expression | null;
      readonly element: Expression;
      readonly clauses: readonly Clause[];
    }
  | { readonly kind: "starred"; readonly value: Expression }
  | { readonly kind: "walrus"; readonly name: string; readonly value: Expression }
  | { readonly kind: "refused"; readonly construct: string };

/** An `except` part; types null for one that takes everything. */
export interface Handler {
  readonly types: Expression | null;
  readonly name: string | null;
  readonly body: readonly Statement[];
}

/** A statement. */
export type Statement =
  | { readonly kind: "expression"; readonly value: Expression }
  | { readonly kind: "assign"; readonly targets: readonly Expression[]; readonly value: Expression }
  | { readonly kind: "augment"; readonly target: Expression; readonly operator: string; readonly value: Expression }
  | { readonly kind: "return"; readonly value: Expression | null }
  | {
      readonly kind: "if";
      readonly test: Expression;
      readonly whenTrue: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: "for";
      readonly target: Expression;
      readonly source: Expression;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: "while";
      readonly test: Expression;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "break" | "continue" | "pass" }
  | { readonly kind: "raise"; readonly value: Expression | null }
  | {
      readonly kind: "try";
      readonly body: readonly Statement[];
      readonly handlers: readonly Handler[];
      readonly otherwise: readonly Statement[];
      readonly last: readonly Statement[];
    }
  | { readonly kind: "assert"; readonly test: Expression; readonly message: Expression | null }
  | {
      readonly kind: "def";
      readonly name: string;
      readonly parameters: Parameters;
      readonly body: readonly Statement[];
      readonly decorators: readonly Expression[];
    }
  | {
      readonly kind: "with";
      readonly items: readonly { readonly value: Expression; readonly target: Expression | null }[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: "import"; readonly module: string; readonly name: string }
  | {
      readonly kind: "from";
      readonly module: string;
      readonly names: readonly { readonly name: string; readonly as: string }[];
    }
  | { readonly kind: "scope"; readonly word: "global" | "nonlocal"; readonly names: readonly string[] }
  | { readonly kind: "delete"; readonly targets: readonly Expression[] }
  | { readonly kind: "refused"; readonly construct: string; readonly binds: readonly string[] };
