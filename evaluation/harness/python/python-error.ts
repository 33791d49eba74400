/** Python exception types that the language layer can raise, plus `Unsupported`: Python would go on, this layer refuses. */
export type PythonErrorType =
  | "AttributeError"
  | "IndexError"
  | "KeyError"
  | "MemoryError"
  | "OverflowError"
  | "RegexError"
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

  constructor(type: PythonErrorType, message: string) {
    super(message);
    this.name = "PythonError";
    this.type = type;
  }
}

/** The refusal of a construct that cannot be done exactly; the message names it. */
export function unsupported(construct: string): PythonError {
  return new PythonError("Unsupported", construct);
}
