import { absolute, calculate, round } from "../python/arithmetic.ts";
import { parseInteger, toFloat, toInt } from "../python/number-text.ts";
import { PythonError } from "../python/python-error.ts";
import { isFloat, makeFloat, PythonFloat, type PythonValue } from "../python/value.ts";
import type { Arguments } from "./arguments.ts";
import { type Filters, plain, softText } from "./filter.ts";
import { Markup } from "./runtime-value.ts";
import { defined } from "./undefined.ts";

/** Jinja's filters of numbers. */
export const NUMBER_FILTERS: Filters = {
  abs: plain((value) => absolute(defined(value))),
  int: { parameters: ["default?", "base?"], run: asInt },
  float: { parameters: ["default?"], run: asFloat },
  round: { parameters: ["precision?", "method?"], run: rounded },
};

function asInt(given: PythonValue, options: Arguments): PythonValue {
  const value = number(given);
  return attempt(
    () => (typeof value === "string" ? parseInteger(value, options.integer(1, 10)) : toInt(value)),
    ["TypeError", "ValueError"],
    () =>
      attempt(
        () => toInt(toFloat(value)),
        ["TypeError", "ValueError", "OverflowError"],
        () => fallback(options, 0),
      ),
  );
}

function asFloat(given: PythonValue, options: Arguments): PythonValue {
  const value = number(given);
  return attempt(
    () => toFloat(value),
    ["TypeError", "ValueError"],
    () => fallback(options, makeFloat(0)),
  );
}

function fallback(options: Arguments, standard: PythonValue): PythonValue {
  const given = options.raw(0);
  return given === undefined ? standard : given;
}

function number(value: PythonValue): PythonValue {
  return value instanceof Markup ? softText(value) : defined(value);
}

function attempt(compute: () => PythonValue, caught: readonly string[], otherwise: () => PythonValue): PythonValue {
  try {
    return compute();
  } catch (error) {
    if (error instanceof PythonError && caught.includes(error.type)) return otherwise();
    throw error;
  }
}

function rounded(given: PythonValue, options: Arguments): PythonValue {
  const value = defined(given);
  const method = options.value(1) ?? "common";
  const precision = options.value(0);
  if (method === "common") return round(value, precision === null ? null : options.integer(0, 0));
  if (method !== "ceil" && method !== "floor") {
    throw new PythonError("ValueError", "method must be common, ceil or floor");
  }
  const scale = calculate("**", 10, precision === undefined ? 0 : precision);
  return calculate("/", toWhole(calculate("*", value, scale), method), scale);
}

/** Python's `math.ceil` and `math.floor`. */
function toWhole(value: PythonValue, method: "ceil" | "floor"): PythonValue {
  // Scaling made a number of it, or a repeated text that has no floor.
  if (!isFloat(value)) return typeof value === "string" ? absolute(value) : toInt(value);
  const float = value instanceof PythonFloat ? value.value : value;
  return toInt(makeFloat(Math[method](float)));
}
