// The worker thread in which a plan is made: prompts of large suites take seconds of pure computing.
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { MusterError } from "../base/muster-error.ts";
import type { DownloadProgress } from "../base/node/fetch-file.ts";
import { openDatasetLoader } from "./data/dataset-loader.ts";
import { materialisePlan } from "./materialise.ts";
import { PIECES_IN_FLIGHT, type PlanThreadData, type ThreadMessage } from "./thread-message.ts";

const port = parentPort;
assert(port !== null, "the plan thread was started as a program");

/** Pieces that may still be sent; each message from outside says that one was consumed. */
const window = { credits: PIECES_IN_FLIGHT, resume: (): void => undefined };
port.on("message", () => {
  window.credits += 1;
  window.resume();
});

function say(message: ThreadMessage): void {
  port!.postMessage(message);
}

async function takeCredit(): Promise<void> {
  while (window.credits === 0) await new Promise<void>((resolve) => (window.resume = resolve));
  window.credits -= 1;
}

async function makePlan({ request, mark }: PlanThreadData): Promise<void> {
  const { datasetMap, cacheFolder } = request;
  const onDownload = ({ subject, doneBytes, totalBytes }: DownloadProgress): void =>
    say({ kind: "progress", stage: "data", subject, done: doneBytes, total: totalBytes });
  const onNote = (note: string): void => say({ kind: "note", note });
  const pieces = materialisePlan(request, {
    openLoader: () => openDatasetLoader({ datasetMap, cacheFolder, onProgress: onDownload, onNote }),
    mark,
    onProgress: say,
    onNote,
  });
  for await (const piece of pieces) {
    await takeCredit();
    say({ kind: "piece", piece });
  }
  say({ kind: "done" });
}

try {
  await makePlan(workerData as PlanThreadData);
} catch (error) {
  const { kind, message, wayOut } = MusterError.from(error);
  say({ kind: "failed", errorKind: kind, message, ...(wayOut === undefined ? {} : { wayOut }) });
}
port.close();
