/** Wakes those who watch a journal when something was appended to it in this process. */
export class AppendSignal {
  /** Appends so far. */
  #count = 0;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  notify(): void {
    this.#count += 1;
    this.#wake();
  }

  /** Nothing more will come. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Resolves to true when more than `seen` appends were counted; to false once it is aborted or closed. */
  async after(seen: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && !this.#closed) {
      if (this.#count > seen) return true;
      await this.#change(signal);
    }
    return false;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
