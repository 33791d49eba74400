// Jinja's tests (`jinja2/tests.py`): what may stand after `is`.
import { calculate } from "../python/arithmetic.ts";
import { equals } from "../python/equality.ts";
import { isOrdered } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { iterate } from "../python/sequence.ts";
import { isLowerText, isUpperText } from "../python/unicode.ts";
import { isDict, isFloat, isInt, isList, PythonTuple, type PythonValue } from "../python/value.ts";
import { Arguments } from "./arguments.ts";
import { LoopState } from "./loop-state.ts";
import { isMember } from "./operand.ts";
import { Callable, type CallValues, Markup, Range } from "./runtime-value.ts";
import { Blank, defined, Undefined } from "./undefined.ts";

interface Test {
  readonly parameters: readonly string[];
  readonly run: (value: PythonValue, other: PythonValue) => boolean;
}

/** A test of what the value is, which may be undefined. */
const kind = (run: (value: PythonValue) => boolean): Test => ({ parameters: [], run });
/** A test that uses the value. */
const using = (run: (value: PythonValue) => boolean): Test => kind((value) => run(defined(value)));
const against = (run: (value: PythonValue, other: PythonValue) => boolean): Test => ({
  parameters: ["other"],
  run: (value, other) => run(defined(value), other),
});
const same = against(equals);
const different = against((value, other) => !equals(value, other));
const less = against((value, other) => isOrdered("<", value, other));
const lessOrSame = against((value, other) => isOrdered("<=", value, other));
const greater = against((value, other) => isOrdered(">", value, other));
const greaterOrSame = against((value, other) => isOrdered(">=", value, other));

const TESTS: { readonly [name: string]: Test } = {
  defined: kind((value) => !(value instanceof Undefined)),
  undefined: kind((value) => value instanceof Undefined),
  none: kind((value) => value === null),
  boolean: kind((value) => typeof value === "boolean"),
  true: kind((value) => value === true),
  false: kind((value) => value === false),
  integer: kind(isInt),
  float: kind(isFloat),
  number: kind((value) => isInt(value) || isFloat(value) || typeof value === "boolean"),
  string: kind(isText),
  mapping: kind(isDict),
  sequence: kind((value) => isSequence(value) || value instanceof Blank),
  iterable: kind(isIterable),
  // Jinja's undefined values and loops can be called, even if that fails.
  callable: kind((value) => value instanceof Callable || value instanceof Undefined || value instanceof LoopState),
  lower: kind((value) => isLowerText(str(value))),
  upper: kind((value) => isUpperText(str(value))),
  even: using((value) => equals(calculate("%", value, 2), 0)),
  odd: using((value) => equals(calculate("%", value, 2), 1)),
  divisibleby: against((value, divisor) => equals(calculate("%", value, divisor), 0)),
  sameas: { parameters: ["other"], run: isSame },
  in: { parameters: ["seq"], run: isMember },
  eq: same,
  "==": same,
  equalto: same,
  ne: different,
  "!=": different,
  lt: less,
  "<": less,
  lessthan: less,
  le: lessOrSame,
  "<=": lessOrSame,
  gt: greater,
  ">": greater,
  greaterthan: greater,
  ge: greaterOrSame,
  ">=": greaterOrSame,
};

/** Whether there is a test of this name. */
export function hasTest(name: string): boolean {
  return Object.hasOwn(TESTS, name);
}

/** Applies a test. */
export function applyTest(name: string, value: PythonValue, call: CallValues): boolean {
  const { parameters, run } = TESTS[name]!;
  const given = new Arguments({ name, parameters, byName: true }, call);
  const other = given.value(0);
  return run(value, other === undefined ? null : other);
}

function isText(value: PythonValue): boolean {
  return typeof value === "string" || value instanceof Markup;
}

function isSequence(value: PythonValue): boolean {
  return isText(value) || isList(value) || isDict(value) || value instanceof PythonTuple || value instanceof Range;
}

function isIterable(value: PythonValue): boolean {
  if (isText(value) || value instanceof LoopState) return true;
  try {
    iterate(value);
    return true;
  } catch (error) {
    if (error instanceof PythonError && error.type === "TypeError") return false;
    throw error;
  }
}

// Which other values Python keeps as one object is its own affair.
function isSame(value: PythonValue, other: PythonValue): boolean {
  const isOnly = (one: PythonValue) => one === null || typeof one === "boolean";
  if (isOnly(value) || isOnly(other)) return value === other;
  throw unsupported("the test sameas between other values than true, false and none");
}
