/** What went wrong at a process border; each kind has one exit code and one gRPC status. */
export type ErrorKind =
  | "usage"
  | "connection"
  | "permission"
  | "notFound"
  | "conflict"
  | "unsupported"
  | "badData"
  | "noSpace"
  | "partial"
  | "budget"
  | "timeout"
  | "interrupted"
  | "internal";

/** Exit codes a person can script against (documented in docs/operations.md). */
export const EXIT_CODES: { readonly [kind in ErrorKind]: number } = {
  usage: 2,
  unsupported: 2,
  badData: 2,
  noSpace: 2,
  connection: 3,
  permission: 3,
  notFound: 4,
  conflict: 4,
  partial: 5,
  budget: 6,
  timeout: 7,
  interrupted: 130,
  internal: 70,
};

/** The one error type of process borders: a sentence for people, a kind for programs, and the way out. */
export class MusterError extends Error {
  readonly kind: ErrorKind;
  /** What to do about it; printed on its own line. */
  readonly wayOut: string | undefined;

  constructor(kind: ErrorKind, message: string, options: { wayOut?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MusterError";
    this.kind = kind;
    this.wayOut = options.wayOut;
  }

  /** The single door from whatever was thrown. */
  static from(thrown: unknown): MusterError {
    if (thrown instanceof MusterError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new MusterError("internal", message, { cause: thrown });
  }
}
