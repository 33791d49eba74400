// Jinja's tests (`jinja2/tests.py`): what may stand after `is`.
import { calculate } from "../python/arithmetic.ts";
import { equals, isIn } from "../python/equality.ts";
import { lower, upper } from "../python/letter-case.ts";
import { isOrdered } from "../python/order.ts";
import { str } from "../python/represent.ts";
import { isDict, isFloat, isInt, isList, PythonObject, PythonTuple, type PythonValue } from "../python/value.ts";
import { Arguments } from "./arguments.ts";
import { Callable, type CallValues, defined, Undefined } from "./runtime-value.ts";

interface Test {
  readonly parameters: readonly string[];
  readonly run: (value: PythonValue, other: PythonValue) => boolean;
}

const alone = (run: (value: PythonValue) => boolean): Test => ({ parameters: [], run });
const against = (run: (value: PythonValue, other: PythonValue) => boolean): Test => ({ parameters: ["other"], run });
const divisible = (value: PythonValue, divisor: PythonValue): boolean => equals(calculate("%", value, divisor), 0);

const TESTS: { readonly [name: string]: Test } = {
  defined: alone((value) => !(value instanceof Undefined)),
  undefined: alone((value) => value instanceof Undefined),
  none: alone((value) => value === null),
  boolean: alone((value) => typeof value === "boolean"),
  true: alone((value) => value === true),
  false: alone((value) => value === false),
  integer: alone((value) => isInt(value)),
  float: alone((value) => isFloat(value)),
  number: alone((value) => isInt(value) || isFloat(value) || typeof value === "boolean"),
  string: alone((value) => typeof value === "string"),
  mapping: alone((value) => isDict(value)),
  iterable: alone(isIterable),
  sequence: alone((value) => isSequence(value)),
  callable: alone((value) => value instanceof Callable),
  even: alone((value) => divisible(value, 2)),
  odd: alone((value) => equals(calculate("%", value, 2), 1)),
  lower: alone((value) => isCased(str(value)) && lower(str(value)) === str(value)),
  upper: alone((value) => isCased(str(value)) && upper(str(value)) === str(value)),
  divisibleby: against(divisible),
  in: against((value, other) => isIn(value, other)),
  eq: against(equals),
  "==": against(equals),
  equalto: against(equals),
  ne: against((value, other) => !equals(value, other)),
  "!=": against((value, other) => !equals(value, other)),
  lt: against((value, other) => isOrdered("<", value, other)),
  "<": against((value, other) => isOrdered("<", value, other)),
  lessthan: against((value, other) => isOrdered("<", value, other)),
  le: against((value, other) => isOrdered("<=", value, other)),
  "<=": against((value, other) => isOrdered("<=", value, other)),
  gt: against((value, other) => isOrdered(">", value, other)),
  ">": against((value, other) => isOrdered(">", value, other)),
  greaterthan: against((value, other) => isOrdered(">", value, other)),
  ge: against((value, other) => isOrdered(">=", value, other)),
  ">=": against((value, other) => isOrdered(">=", value, other)),
};

/** Tests that look at an undefined value; every other use of one is an error or a plain no. */
const TYPE_TESTS = new Set(
  "defined undefined none boolean true false integer float number string mapping callable".split(" "),
);

/** Whether there is a test of this name. */
export function hasTest(name: string): boolean {
  return Object.hasOwn(TESTS, name);
}

/** Applies a test. */
export function applyTest(name: string, value: PythonValue, call: CallValues): boolean {
  const { parameters, run } = TESTS[name]!;
  const given = new Arguments({ name, parameters, byName: false }, call);
  return run(TYPE_TESTS.has(name) ? value : defined(value), given.value(0) ?? null);
}

function isSequence(value: PythonValue): boolean {
  return typeof value === "string" || isList(value) || isDict(value) || value instanceof PythonTuple;
}

function isIterable(value: PythonValue): boolean {
  return isSequence(value) || (value instanceof PythonObject && !(value instanceof Callable));
}

function isCased(text: string): boolean {
  return lower(text) !== upper(text);
}
