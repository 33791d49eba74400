// What the proxy model of the Python bridge says: a line that begins a call of the harness, then a line for each sample.
import { MusterError } from "../../base/muster-error.ts";
import { REQUEST_KINDS, type RequestKind } from "../../evaluation/request.ts";

/** The beginning of a call: the harness hands all requests of one kind over at once. */
export interface CallHead {
  readonly kind: RequestKind;
  readonly samples: number;
  readonly requests: number;
}

/** Requests that belong together: those that a task makes of one document. */
export interface CallSample {
  readonly task: string;
  readonly docId: number;
  readonly requests: readonly CallRequest[];
}

/** A prompt, and what the kind of the call asks of it: the continuation, or the generation settings as Python's JSON. */
export interface CallRequest {
  readonly context: string;
  readonly detail: string;
}

/** Reads the line that begins a call. Throws `badData`. */
export function readCallHead(line: string): CallHead {
  const { call, samples, requests } = readObject(line);
  const kind = REQUEST_KINDS.find((known) => known === call);
  if (kind === undefined || !isCount(samples) || !isCount(requests)) throw unreadable(line);
  return { kind, samples, requests };
}

/**
 * Reads a sample's line: `{"task", "doc", "requests": [[context, detail], …]}`, where a null context is the one before.
 * Throws `badData`, and `unsupported` for text that UTF-8 cannot hold.
 */
export function readCallSample(line: string): CallSample {
  const { task, doc, requests } = readObject(line);
  if (typeof task !== "string" || !isCount(doc) || !Array.isArray(requests)) throw unreadable(line);
  let before: string | null = null;
  const read = requests.map((entry: unknown): CallRequest => {
    const [context, detail] = Array.isArray(entry) ? (entry as unknown[]) : [];
    before = typeof context === "string" ? context : before;
    if (before === null || typeof detail !== "string") throw unreadable(line);
    if (!before.isWellFormed() || !detail.isWellFormed()) throw halfCharacter(task, doc);
    return { context: before, detail };
  });
  return { task, docId: doc, requests: read };
}

function readObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unreadable(line);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unreadable(line: string): MusterError {
  return new MusterError("badData", `the Python bridge sent what is no call of the harness: ${line.slice(0, 80)}`, {
    wayOut: "`muster bridge install` puts the bridge of this version into place.",
  });
}

function halfCharacter(task: string, docId: number): MusterError {
  return new MusterError(
    "unsupported",
    `task ${task}, document ${docId}: the prompt holds half a character (a lone surrogate), which no engine can be sent`,
    { wayOut: "Leave the document out, or correct its text." },
  );
}
