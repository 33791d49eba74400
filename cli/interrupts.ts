import { EXIT_CODES } from "../base/muster-error.ts";

/** Ctrl-C (or SIGTERM) once aborts `signal`; a second one leaves at once. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #handle = (): void => {
    if (this.#controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
    this.#controller.abort();
    process.stderr.write("\nstopping; once more to leave at once\n");
  };

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, this.#handle);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  close(): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, this.#handle);
  }
}
