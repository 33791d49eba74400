import { EXIT_CODES, MusterError } from "../base/muster-error.ts";
import { printable } from "./terminal.ts";

/**
 * Prints an error on standard error and returns the exit code of its kind. Text: one sentence, then the way out.
 * With `json`: one line `{"error":{"kind","message","wayOut"}}`. A stack only for a bug with MUSTER_DEBUG=1.
 */
export function reportError(thrown: unknown, json: boolean): number {
  const error = MusterError.from(thrown);
  if (json) {
    const { kind, message, wayOut } = error;
    process.stderr.write(
      `${JSON.stringify({ error: { kind, message, ...(wayOut === undefined ? {} : { wayOut }) } })}\n`,
    );
  } else {
    process.stderr.write(`muster: ${printable(error.message)}\n`);
    for (const line of wayOutLines(error)) process.stderr.write(`  ${printable(line)}\n`);
  }
  if (process.env["MUSTER_DEBUG"] === "1") process.stderr.write(`${stackOf(error)}\n`);
  return EXIT_CODES[error.kind];
}

/** Whether a process that logs at this level also tells people that all is well. */
export function isTold(logLevel: string): boolean {
  return logLevel === "info" || logLevel === "debug";
}

function wayOutLines(error: MusterError): string[] {
  if (error.wayOut !== undefined) return error.wayOut.split("\n");
  if (error.kind !== "internal") return [];
  return ["This is a bug in Muster. MUSTER_DEBUG=1 shows where; please report it with the command you typed."];
}

function stackOf(error: MusterError): string {
  const cause = error.cause instanceof Error ? error.cause.stack : undefined;
  return cause ?? error.stack ?? "";
}
