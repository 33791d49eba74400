import type { PythonValue } from "./value.ts";

/** Python exception types that the language layer can raise, plus `Unsupported`: Python would go on, this layer refuses. */
export type PythonErrorType =
  | "AssertionError"
  | "AttributeError"
  | "Exception"
  | "ImportError"
  | "IndexError"
  | "KeyError"
  | "JSONDecodeError"
  | "MemoryError"
  | "NameError"
  | "NotImplementedError"
  | "OverflowError"
  | "RegexError"
  | "RuntimeError"
  | "StopIteration"
  | "SyntaxError"
  | "TemplateSyntaxError"
  | "TypeError"
  | "UndefinedError"
  | "Unsupported"
  | "ValueError"
  | "ZeroDivisionError";

/** What Python would have raised, or the construct that this layer refuses (`type: "Unsupported"`). */
export class PythonError extends Error {
  readonly type: PythonErrorType;
  /** The exception's arguments, where Python code raised it. */
  readonly values: readonly PythonValue[] | null;

  constructor(type: PythonErrorType, message: string, values: readonly PythonValue[] | null = null) {
    super(message);
    this.values = values;
    this.name = "PythonError";
    this.type = type;
  }
}

/** The refusal of a construct that cannot be done exactly; the message names it. */
export function unsupported(construct: string): PythonError {
  return new PythonError("Unsupported", construct);
}
