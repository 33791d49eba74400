import { clip, printable, terminalWidth } from "./terminal.ts";

const PLAIN_INTERVAL_MS = 5_000;
const LIVE_INTERVAL_MS = 100;

/**
 * One line of progress on standard error: overwritten in place on a terminal, else printed every few seconds. Nothing is
 * shown of what is over at once.
 */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  #shownMs = 0;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#shownMs = performance.now() - (stream.isTTY ? LIVE_INTERVAL_MS : 0);
  }

  /** Shows the line if it is time. */
  show(line: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#shownMs < (this.#stream.isTTY ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    this.#shownMs = nowMs;
    const text = clip(printable(line), terminalWidth(this.#stream) - 1);
    if (!this.#stream.isTTY) this.#stream.write(`${text}\n`);
    else this.#stream.write(`\r\u001b[2K${text}`);
    this.#isShown = true;
  }

  /** Shows the line at once: what now begins may take long and say nothing. */
  showNow(line: string): void {
    if (this.#stream.isTTY) this.#shownMs = Number.NEGATIVE_INFINITY;
    this.show(line);
  }

  /** Prints a sentence that stays. */
  note(sentence: string): void {
    this.clear();
    this.#stream.write(`note: ${printable(sentence)}\n`);
  }

  /** Takes the line off the terminal. */
  clear(): void {
    if (this.#isShown && this.#stream.isTTY) this.#stream.write("\r\u001b[2K");
    this.#isShown = false;
  }
}

/** A bar of a width for a share from 0 to 1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}
