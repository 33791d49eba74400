import type { DownloadProgress } from "../base/node/fetch-wheel.ts";
import { bar, megabytes } from "./format.ts";
import { printable } from "./terminal.ts";

const LINE_INTERVAL_MS = 5_000;

/** Shows a download on standard error: a bar on a terminal, a line now and then elsewhere, nothing where `quiet`. */
export function downloadBar(quiet: boolean): { show(progress: DownloadProgress): void; close(): void } {
  const stream = process.stderr;
  let [saidAtMs, isDrawn] = [-Infinity, false];
  return {
    show({ subject, doneBytes, totalBytes }) {
      const isDone = totalBytes > 0 && doneBytes >= totalBytes;
      if (quiet || (!isDone && performance.now() - saidAtMs < (stream.isTTY ? 100 : LINE_INTERVAL_MS))) return;
      saidAtMs = performance.now();
      const share = totalBytes === 0 ? 0 : doneBytes / totalBytes;
      const text = `${printable(subject)} ${bar(share, 24)} ${megabytes(doneBytes)} of ${megabytes(totalBytes)}`;
      stream.write(stream.isTTY ? `\r\u001b[2K${text}` : `${text}\n`);
      isDrawn = stream.isTTY;
    },
    close() {
      if (isDrawn) stream.write("\n");
    },
  };
}
