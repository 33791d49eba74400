import { MusterError } from "../../base/muster-error.ts";
import { RunFolder } from "../export/run-folder.ts";
import type { FoundManifest } from "./found-manifest.ts";

const SHOWN_MAX = 300;

/** One document's answers, then and now, as short JSON. */
export interface ShownAnswers {
  readonly before: string;
  readonly after: string;
}

/** Reads a document's answers from both runs' samples files; null where one of them is not there. */
export async function readAnswers(
  before: FoundManifest,
  after: FoundManifest,
  { task, document }: { readonly task: string; readonly document: number },
): Promise<ShownAnswers | null> {
  const [then, now] = [await answerOf(before, task, document), await answerOf(after, task, document)];
  return then === null || now === null ? null : { before: then, after: now };
}

/** Null also where the files beside a manifest are not those of its run: it may have been carried somewhere. */
async function answerOf({ manifest, folder }: FoundManifest, task: string, document: number): Promise<string | null> {
  try {
    const run = new RunFolder(folder);
    if (run.manifest.run.runId !== manifest.run.runId) return null;
    for await (const { docId, answers } of run.samples(task)) {
      if (docId !== document) continue;
      const text = JSON.stringify(answers.length === 1 ? answers[0] : answers);
      return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
    }
    return null;
  } catch (error) {
    const isGone = error instanceof MusterError || (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isGone) return null;
    throw error;
  }
}
