// Python's exceptions: which there are, what catches what, and raising them.
import { PythonError, type PythonErrorType, unsupported } from "../python/python-error.ts";
import { PythonTuple, type PythonValue } from "../python/value.ts";
import { ExceptionType, ExceptionValue } from "./runtime.ts";

/** Each exception with the one that it is a kind of. */
const PARENTS: { readonly [name: string]: string | null } = {
  BaseException: null,
  Exception: "BaseException",
  ArithmeticError: "Exception",
  ZeroDivisionError: "ArithmeticError",
  OverflowError: "ArithmeticError",
  AssertionError: "Exception",
  AttributeError: "Exception",
  ImportError: "Exception",
  ModuleNotFoundError: "ImportError",
  LookupError: "Exception",
  IndexError: "LookupError",
  KeyError: "LookupError",
  MemoryError: "Exception",
  NameError: "Exception",
  RuntimeError: "Exception",
  NotImplementedError: "RuntimeError",
  StopIteration: "Exception",
  SyntaxError: "Exception",
  TypeError: "Exception",
  ValueError: "Exception",
  JSONDecodeError: "ValueError",
  RegexError: "Exception",
};
const TYPES = new Map(Object.keys(PARENTS).map((name) => [name, new ExceptionType(name)]));

/** The exception class of that name. */
export function exceptionType(name: string): ExceptionType | undefined {
  return TYPES.get(name);
}

/** All exception classes that are always there, by name. */
export function exceptionTypes(): Iterable<readonly [string, ExceptionType]> {
  return [...TYPES].filter(([name]) => name !== "RegexError" && name !== "JSONDecodeError");
}

/** Whether `except types` takes this error. */
export function matchesException(error: PythonError, types: PythonValue): boolean {
  const wanted = types instanceof PythonTuple ? types.values : [types];
  return wanted.some((type) => {
    if (!(type instanceof ExceptionType)) throw unsupported("except of something else than an exception");
    for (let name: string | null = error.type; name !== null; name = PARENTS[name] ?? null) {
      if (name === type.name) return true;
    }
    return false;
  });
}

/** Raises an exception, or one of a class. */
export function raise(value: PythonValue): never {
  if (value instanceof ExceptionType) throw new PythonError(value.name as PythonErrorType, "", []);
  if (!(value instanceof ExceptionValue)) throw unsupported("raising something else than an exception");
  const [message] = value.values ?? [];
  throw new PythonError(
    value.type.name as PythonErrorType,
    typeof message === "string" ? message : value.type.name,
    value.values,
  );
}
