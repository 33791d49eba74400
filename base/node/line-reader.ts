import type { Readable } from "node:stream";

/** Lines that may wait to be taken before the stream is paused. */
const WAITING_MAX = 256;

/**
 * The lines of a UTF-8 stream, one at a time. Only a line feed ends a line (`node:readline` also splits at U+2028, which
 * JSON may hold). Unlike an iterator it goes on reading while nobody asks, up to a bound, so that the end of the stream
 * is noticed when it comes.
 */
export class LineReader {
  readonly #stream: Readable;
  readonly #lines: string[] = [];
  readonly #onEnd: () => void;
  #rest = "";
  #failure: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => undefined;

  /** `onEnd` is called when the stream has ended or broken. */
  constructor(stream: Readable, onEnd: () => void = () => undefined) {
    this.#stream = stream;
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => this.#take(text));
    this.#onEnd = onEnd;
    stream.once("end", () => this.end());
    stream.once("close", () => this.end());
    stream.once("error", (failure) => this.end(failure));
  }

  /** The next line without its end, or null after the last. Throws what broke the stream. */
  async next(): Promise<string | null> {
    while (this.#lines.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#hasEnded) return null;
      this.#stream.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#lines.shift()!;
  }

  /** All lines that are left. */
  async *rest(): AsyncGenerator<string> {
    for (let line = await this.next(); line !== null; line = await this.next()) yield line;
  }

  /** As if the stream ended here, or broke. */
  end(failure: Error | null = null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    if (this.#rest !== "") this.#lines.push(this.#rest);
    this.#wake();
    this.#onEnd();
  }

  /** Reads no more, and keeps no process alive. */
  close(): void {
    this.#stream.pause();
  }

  #take(text: string): void {
    const lines = text.split("\n");
    lines[0] = this.#rest + lines[0]!;
    this.#rest = lines.pop()!;
    if (lines.length === 0) return;
    this.#lines.push(...lines);
    if (this.#lines.length > WAITING_MAX) this.#stream.pause();
    this.#wake();
  }
}
