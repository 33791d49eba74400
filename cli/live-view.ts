import type { Run } from "../proto/gen/muster/v1/operator_pb.js";
import { bar, columns, count, dollars, duration } from "./format.ts";
import { clip, painter, printable, terminalWidth } from "./terminal.ts";

/** A line on a stream that is no terminal comes this often. */
const LINE_INTERVAL_MS = 5_000;
const TASKS_SHOWN = 12;

/** Shows a run while it goes on, on standard error: redrawn in place on a terminal, a line now and then elsewhere. */
export class LiveView {
  readonly #stream = process.stderr;
  readonly #quiet: boolean;
  #drawn = 0;
  #saidAtMs = -Infinity;
  #note = "";

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  show(run: Run): void {
    if (this.#quiet) return;
    if (this.#stream.isTTY) return this.#redraw(this.#lines(run));
    if (performance.now() - this.#saidAtMs < LINE_INTERVAL_MS) return;
    this.#saidAtMs = performance.now();
    this.#stream.write(`${headline(run)}\n`);
  }

  /** A sentence about something that happened; stays until the next one. */
  note(sentence: string): void {
    this.#note = printable(sentence);
    if (!this.#stream.isTTY || this.#quiet) this.#stream.write(`${this.#note}\n`);
  }

  /** Leaves the last picture where it is. */
  close(): void {
    this.#drawn = 0;
  }

  #redraw(lines: readonly string[]): void {
    const width = terminalWidth(this.#stream);
    const up = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    this.#stream.write(`${up}\u001b[0J${lines.map((line) => clip(line, width)).join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #lines(run: Run): string[] {
    const paint = painter(this.#stream);
    const shown = run.tasks.slice(0, TASKS_SHOWN);
    const rows = shown.map((task) => {
      const [done, all] = [Number(task.samplesDone), Number(task.sampleCount)];
      const scores = task.metrics.map(({ metric, filter, value }) => {
        return `${metric}${filter === "none" ? "" : ` (${filter})`} ${value.toFixed(3)}`;
      });
      return [
        printable(task.task),
        bar(all === 0 ? 0 : done / all, 20),
        `${count(done)}/${count(all)}`,
        scores.join("  "),
      ];
    });
    const more = run.tasks.length - shown.length;
    const agents = run.agents.map((agent) => `${printable(agent.hostName)} ${count(agent.requestsDone)}`);
    const lines = [
      paint("bold", headline(run)),
      ...columns(rows).map((line) => `  ${line}`),
      ...(more > 0 ? [`  and ${more} more tasks`] : []),
      paint("dim", `  agents: ${agents.join(" · ") || "none yet"} requests   scores are in progress, not an estimate`),
    ];
    return this.#note === "" ? lines : [...lines, paint("yellow", `  ${this.#note}`)];
  }
}

/** One line about a run: state, share, speed, time left, cost. */
export function headline(run: Run): string {
  const [done, all] = [Number(run.requestsDone), Number(run.requestCount)];
  const seconds = run.elapsedSeconds;
  const parts = [
    `${run.runId} ${run.state}`,
    `${count(done)} of ${count(all)} requests`,
    ...(seconds > 0 && run.state === "running" ? [`${(done / seconds).toFixed(done / seconds < 10 ? 1 : 0)}/s`] : []),
    `${count(run.promptTokens + run.completionTokens)} tokens`,
    ...(run.costTokensDone > 0 && run.state === "running"
      ? [`${duration((seconds * (run.costTokensTotal - run.costTokensDone)) / run.costTokensDone)} left`]
      : []),
    ...(run.costUsd > 0 ? [dollars(run.costUsd)] : []),
    ...(run.reason === "" ? [] : [printable(run.reason)]),
  ];
  return parts.join(" · ");
}
