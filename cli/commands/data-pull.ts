import { join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { TaskNode } from "../../evaluation/harness/task/task-tree.ts";
import { findNeededDatasets, type NeededDataset, neededByName } from "../../frontend/data/needed-datasets.ts";
import { type FailedDataset, MAP_FILE, pullDatasets, type PulledDataset } from "../../frontend/data/pull-datasets.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { selectTree } from "../../frontend/select-tree.ts";
import type { Command } from "../commands.ts";
import { progressText } from "../download-progress.ts";
import { listenForInterruption } from "../interruption.ts";
import type { Options } from "../options.ts";
import { formatBytes } from "../quantities.ts";
import { readRunWish } from "../run-wish.ts";
import { StatusLine } from "../status-line.ts";
import { textTable } from "../text-table.ts";

const FOLDER_DEFAULT = "muster-data";
const SHOWN_DIGITS = 12;

const dataPull: Command = async ({ options, words }) => {
  const interruption = listenForInterruption();
  const status = new StatusLine();
  try {
    const onNote = (note: string): void => status.note(note);
    const { needed, datasetMap } = neededOf(options, words, onNote);
    if (needed.length === 0) {
      throw new MusterError("unsupported", "of none of the tasks it is known what data they need", {
        wayOut: "Name the data sets: muster data pull OWNER/NAME:CONFIGURATION.",
      });
    }
    const folder = resolve(options.to ?? FOLDER_DEFAULT);
    const pulled: PulledDataset[] = [];
    const failed: FailedDataset[] = [];
    const wish = { needed, folder, revision: options.revision ?? null };
    const progress = pullDatasets(wish, {
      datasetMap,
      cacheFolder: cacheFolder(),
      onNote,
      signal: interruption.signal,
      onProgress: (download) => {
        const place = needed.length === 1 ? "" : `${pulled.length + failed.length + 1} of ${needed.length}: `;
        status.show(`${place}${progressText(download)}`);
      },
    });
    for await (const one of progress) {
      if ("error" in one) failed.push(one);
      else pulled.push(one);
    }
    status.clear();
    if (pulled.length > 0) print(options, folder, pulled, failed);
    if (failed.length > 0) throw failure(failed, needed.length);
    return 0;
  } finally {
    status.clear();
    interruption.close();
  }
};
export default dataPull;

function neededOf(
  options: Options,
  words: readonly string[],
  onNote: (note: string) => void,
): { readonly needed: readonly NeededDataset[]; readonly datasetMap: string | null } {
  if (words.length > 0) {
    if (options.tasks.length > 0 || options.suite !== undefined) {
      throw new MusterError("usage", "data sets are named by words, or by --tasks or --suite", {
        wayOut: "Give one of the two.",
      });
    }
    const datasetMap = options.datasetMap === undefined ? null : resolve(options.datasetMap);
    return { needed: words.map(neededByName), datasetMap };
  }
  if (options.revision !== undefined) {
    throw new MusterError("usage", "--revision is one of a data set, not of tasks", {
      wayOut: "Name the data set instead: muster data pull OWNER/NAME --revision REVISION.",
    });
  }
  const { request } = readRunWish(options);
  const { needed, notes } = findNeededDatasets(selectTasks(request, onNote));
  for (const note of notes) onNote(note);
  return { needed, datasetMap: request.datasetMap };
}

/** What the words of --tasks name; of those that are Python code it cannot be known what they load. */
function selectTasks(request: PlanRequest, onNote: (note: string) => void): readonly TaskNode[] {
  try {
    const { tasks, notes } = selectTree(request, request.tasks);
    for (const note of notes) onNote(note);
    return tasks;
  } catch (error) {
    if (MusterError.from(error).kind !== "unsupported" || request.tasks.length === 1) throw error;
  }
  return request.tasks.flatMap((word) => {
    try {
      return selectTree(request, [word]).tasks;
    } catch (error) {
      const { kind, message } = MusterError.from(error);
      if (kind !== "unsupported") throw error;
      onNote(`${message} What it loads is not pulled.`);
      return [];
    }
  });
}

function print(
  options: Options,
  folder: string,
  pulled: readonly PulledDataset[],
  failed: readonly FailedDataset[],
): void {
  const map = join(folder, MAP_FILE);
  if (options.json) {
    const missing = failed.map(({ dataset, error }) => ({ dataset, kind: error.kind, message: error.message }));
    process.stdout.write(`${JSON.stringify({ folder, map, datasets: pulled, failed: missing })}\n`);
    return;
  }
  const columns = ["Data set", "Split", "Size", "SHA-256"].map((title) => ({
    title,
    align: title === "Size" ? ("right" as const) : ("left" as const),
  }));
  const rows = pulled.flatMap(({ dataset, splits }) =>
    splits.map(({ split, bytes, sha256 }) => [dataset, split, formatBytes(bytes), sha256.slice(0, SHOWN_DIGITS)]),
  );
  process.stdout.write(`${textTable(columns, rows).join("\n")}\n`);
  process.stderr.write(`Carry the folder ${folder} over, and run there with: --dataset-map ${map}\n`);
}

function failure(failed: readonly FailedDataset[], all: number): MusterError {
  const [{ error }] = failed as readonly [FailedDataset];
  if (all === 1) return error;
  const names = failed.map(({ dataset }) => dataset).join(", ");
  const { wayOut } = error;
  return new MusterError(
    "partial",
    `${failed.length} of ${all} data sets could not be pulled (${names}); the first: ${error.message}`,
    { ...(wayOut === undefined ? {} : { wayOut }), cause: error },
  );
}
