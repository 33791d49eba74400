import type { Agent, Run } from "../proto/gen/muster/v1/operator_pb.js";
import { RateMeter } from "./rate-meter.ts";
import { runFrame, runProgressLine, type Segment } from "./run-frame.ts";
import { clip, painter, printable, terminalWidth } from "./terminal.ts";

const FRAME_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5_000;
const HEIGHT_DEFAULT = 24;

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/** Terminals that know synchronised output show the frame at once, without tearing; others ignore this. */
const BEGIN_FRAME = "\u001b[?2026h";
const END_FRAME = "\u001b[?2026l";

/** Shows a run while it is at work: a frame that is drawn anew on a terminal, else a line every few seconds. */
export class LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #hint: string;
  readonly #meter = new RateMeter();
  readonly #restoreCursor = (): void => void this.#stream.write(SHOW_CURSOR);
  #agents: readonly Agent[] = [];
  #trouble: string | null = null;
  #run: Run | null = null;
  #drawnLines = 0;
  #shownMs = Number.NEGATIVE_INFINITY;

  /** `hint` says what Ctrl-C does. */
  constructor(hint: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#hint = hint;
    if (stream.isTTY) {
      stream.write(HIDE_CURSOR);
      process.once("exit", this.#restoreCursor);
    } else this.#shownMs = performance.now();
  }

  /** The run as it is now. */
  update(run: Run): void {
    this.#run = run;
    this.#meter.note(run, performance.now());
    this.#show();
  }

  /** The cluster's agents as they are now. */
  updateAgents(agents: readonly Agent[]): void {
    this.#agents = agents;
  }

  /** Something is wrong (a sentence), or no longer (null). */
  setTrouble(sentence: string | null): void {
    if (sentence === this.#trouble) return;
    this.#trouble = sentence;
    if (sentence !== null && !this.#stream.isTTY) this.note(sentence);
    else this.#showNow();
  }

  /** A sentence that stays, above the frame. */
  note(sentence: string): void {
    this.#stream.write(`${this.#eraseSequence()}${printable(sentence)}\n`);
    this.#drawnLines = 0;
    this.#showNow();
  }

  /** Takes the frame off the terminal and gives the cursor back. */
  close(): void {
    if (!this.#stream.isTTY) return;
    this.#stream.write(this.#eraseSequence() + SHOW_CURSOR);
    this.#drawnLines = 0;
    process.off("exit", this.#restoreCursor);
  }

  #showNow(): void {
    if (!this.#stream.isTTY) return;
    this.#shownMs = Number.NEGATIVE_INFINITY;
    this.#show();
  }

  #show(): void {
    const run = this.#run;
    const nowMs = performance.now();
    const intervalMs = this.#stream.isTTY ? FRAME_INTERVAL_MS : LINE_INTERVAL_MS;
    if (run === null || nowMs - this.#shownMs < intervalMs) return;
    this.#shownMs = nowMs;
    const around = { agents: this.#agents, rates: this.#meter.rates(run), trouble: this.#trouble, hint: this.#hint };
    if (!this.#stream.isTTY) {
      this.#stream.write(`${printable(runProgressLine(run, around))}\n`);
      return;
    }
    const height = this.#stream.rows > 0 ? this.#stream.rows : HEIGHT_DEFAULT;
    // A frame as high as the terminal would scroll.
    const lines = runFrame(run, { ...around, height }).slice(0, height - 1);
    const frame = lines.map((line) => `${this.#paintLine(line)}\n`).join("");
    this.#stream.write(BEGIN_FRAME + this.#eraseSequence() + frame + END_FRAME);
    this.#drawnLines = lines.length;
  }

  #eraseSequence(): string {
    return this.#drawnLines === 0 ? "" : `\u001b[${this.#drawnLines}A\r\u001b[0J`;
  }

  #paintLine(segments: readonly Segment[]): string {
    const paint = painter(this.#stream);
    let room = terminalWidth(this.#stream) - 1;
    let line = "";
    for (const [text, style] of segments) {
      if (room <= 0) break;
      const shown = clip(text, room);
      room -= Array.from(shown).length;
      line += style === undefined ? shown : paint(style, shown);
    }
    return line;
  }
}
