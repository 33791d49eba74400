import { Worker } from "node:worker_threads";
import { MusterError } from "../base/muster-error.ts";
import { openStepMark, watchSteps } from "../base/node/step-watch.ts";
import type { PlanPiece } from "../evaluation/plan.ts";
import type { PlanProgress, PlanRequest } from "./plan-request.ts";
import type { PlanThreadData, ThreadMessage } from "./thread-message.ts";

/** How a plan's maker is watched and stopped. */
export interface StreamPlanOptions {
  readonly signal: AbortSignal;
  onProgress(progress: PlanProgress): void;
  /** Gets what a person should know about the plan: whole sentences. */
  onNote?(note: string): void;
  /** How long the prompts of one document may take; a minute unless given. */
  readonly documentLimitMs?: number;
}

const DOCUMENT_LIMIT_MS = 60_000;

/**
 * Makes a plan in a worker thread and yields its pieces as they are ready. Throws MusterError where the plan cannot be
 * made, and `interrupted` when the signal aborts. Leaving the loop early stops the thread.
 */
export async function* streamPlan(request: PlanRequest, options: StreamPlanOptions): AsyncGenerator<PlanPiece> {
  const { signal } = options;
  if (signal.aborted) throw interrupted();
  const mark = openStepMark();
  const worker = new Worker(new URL("plan-thread.ts", import.meta.url), {
    workerData: { request, mark } satisfies PlanThreadData,
  });
  const mailbox = new Mailbox(options);
  worker.on("message", (message: ThreadMessage) => mailbox.deliver(message));
  worker.on("error", (error) => mailbox.fail(MusterError.from(error)));
  worker.on("exit", () => mailbox.fail(new MusterError("internal", "The plan thread ended without a plan.")));
  const limitMs = options.documentLimitMs ?? DOCUMENT_LIMIT_MS;
  const endWatch = watchSteps(mark, limitMs, (docId) => mailbox.fail(stuckDocument(mailbox.subject, docId, limitMs)));
  const abort = () => mailbox.fail(interrupted());
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (let piece = await mailbox.next(); piece !== null; piece = await mailbox.next()) {
      worker.postMessage("consumed");
      yield piece;
    }
  } finally {
    endWatch();
    signal.removeEventListener("abort", abort);
    await worker.terminate();
  }
}

function stuckDocument(task: string, docId: number, limitMs: number): MusterError {
  return new MusterError(
    "badData",
    `The task ${task}, document ${docId}: its prompts took more than ${limitMs / 1000} s to make.`,
    {
      wayOut:
        "A loop in a template or a regular expression in a function of the task may never end there; the harness would " +
        "be as long at it.",
    },
  );
}

function interrupted(): MusterError {
  return new MusterError("interrupted", "Making the plan was stopped.");
}

/** Pieces that arrived and were not taken yet, and how it ended. The first end counts. */
class Mailbox {
  readonly #options: StreamPlanOptions;
  readonly #pieces: PlanPiece[] = [];
  #end: { readonly error: MusterError | null } | undefined;
  #wake: (() => void) | undefined;
  #subject = "";

  constructor(options: StreamPlanOptions) {
    this.#options = options;
  }

  deliver(message: ThreadMessage): void {
    switch (message.kind) {
      case "progress":
        this.#subject = message.subject;
        return this.#options.onProgress(message);
      case "note":
        return this.#options.onNote?.(message.note);
      case "piece":
        this.#pieces.push(message.piece);
        break;
      case "done":
        this.#end ??= { error: null };
        break;
      case "failed": {
        const { errorKind, message: text, wayOut } = message;
        this.#end ??= { error: new MusterError(errorKind, text, wayOut === undefined ? {} : { wayOut }) };
      }
    }
    this.#wake?.();
  }

  /** What was being done last. */
  get subject(): string {
    return this.#subject;
  }

  fail(error: MusterError): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** The next piece, or null after the last. */
  async next(): Promise<PlanPiece | null> {
    for (;;) {
      // An interruption does not wait for what was already made.
      if (this.#end?.error?.kind === "interrupted") throw this.#end.error;
      const piece = this.#pieces.shift();
      if (piece !== undefined) return piece;
      if (this.#end !== undefined) {
        if (this.#end.error !== null) throw this.#end.error;
        return null;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
