import type { DownloadProgress } from "../base/node/fetch-wheel.ts";
import { formatBytes, formatShare } from "./quantities.ts";
import { bar, StatusLine } from "./status-line.ts";

const BAR_WIDTH = 24;

/** Shows downloads as a bar on standard error while work goes on. */
export async function withDownloadBar<T>(
  work: (onProgress: (progress: DownloadProgress) => void) => Promise<T>,
): Promise<T> {
  const status = new StatusLine();
  try {
    return await work((progress) => status.show(progressText(progress)));
  } finally {
    status.clear();
  }
}

/** A download in one line. */
export function progressText({ subject, doneBytes, totalBytes }: DownloadProgress): string {
  if (totalBytes === 0) return `fetching ${subject}: ${formatBytes(doneBytes)}`;
  const share = doneBytes / totalBytes;
  return `fetching ${subject}  ${bar(share, BAR_WIDTH)}  ${formatShare(share)} of ${formatBytes(totalBytes)}`;
}
