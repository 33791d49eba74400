// What an operator does to journals while no coordinator uses them: look, copy, bring back. Nothing here ever makes a
// journal shorter than what is valid of it.
import { renameSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { FIRST_HASH, hashFrame } from "../adapters/journals/frame-hash.ts";
import { encodeFrame, frameFileHeader, readFrameFile, readFrameFileName } from "../adapters/journals/frame-file.ts";
import type { Frame, JournalStore } from "../ports/journal.ts";

/** How far a journal is whole. */
export interface JournalState {
  readonly name: string;
  /** Frames from the first on that are whole, each after the one before it. */
  readonly frames: number;
  readonly bytes: number;
  /** Names them all. */
  readonly lastHash: string;
  readonly lastEpoch: number;
  /** What is wrong with the frame after them; null: nothing, there is none. */
  readonly broken: string | null;
}

/** Reads a journal as far as it is whole. */
export async function examineJournal(store: JournalStore, name: string): Promise<JournalState> {
  let [frames, bytes, lastHash, lastEpoch] = [0, 0, FIRST_HASH, 0];
  const state = (broken: string | null): JournalState => ({ name, frames, bytes, lastHash, lastEpoch, broken });
  try {
    const journal = await store.open(name);
    try {
      for await (const frame of journal.read(0)) {
        if (frame.previousHash !== lastHash) return state(`frame ${frame.index} does not follow the frame before it`);
        if (frame.epoch < lastEpoch) return state(`frame ${frame.index} is of an epoch before the frame before it`);
        [frames, bytes] = [frames + 1, bytes + frame.payload.length];
        [lastHash, lastEpoch] = [hashFrame(frame), frame.epoch];
      }
    } finally {
      await journal.close();
    }
    return state(null);
  } catch (error) {
    return state(MusterError.from(error).message);
  }
}

/** Copies a journal, frame by frame, to `write`. Throws `badData` where it is broken: a copy is whole or none. */
export async function exportJournal(
  store: JournalStore,
  name: string,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<number> {
  if (!(await store.list()).includes(name)) {
    throw new MusterError("notFound", `there is no journal ${name}`, { wayOut: "`muster journal verify` lists them." });
  }
  const journal = await store.open(name);
  let frames = 0;
  try {
    await write(frameFileHeader(name));
    for await (const frame of journal.read(0)) {
      await write(encodeFrame(frame));
      frames += 1;
    }
  } finally {
    await journal.close();
  }
  return frames;
}

/** Brings a copied journal into a store that has none of that name. Throws `conflict` where it has, `badData`. */
export async function importJournal(store: JournalStore, file: string): Promise<JournalState> {
  const name = await readFrameFileName(file);
  if ((await store.list()).includes(name)) {
    throw new MusterError("conflict", `there is a journal ${name} already`, {
      wayOut: `Where it is broken: muster journal repair ${name} --from ${file}`,
    });
  }
  // Once to its end before anything is made.
  for await (const _ of readFrameFile(file));
  return fill(store, name, readFrameFile(file));
}

async function fill(store: JournalStore, name: string, frames: AsyncIterable<Frame>): Promise<JournalState> {
  const journal = await store.open(name);
  for await (const frame of frames) {
    const result = await journal.append(frame.payload, frame.epoch, frame.index);
    if (result.kind !== "durable") {
      await journal.close();
      const reason = result.kind === "noSpace" ? result.message : "somebody else writes to it";
      throw new MusterError("noSpace", `journal ${name} cannot be written: ${reason}`);
    }
  }
  await journal.close();
  return examineJournal(store, name);
}

/**
 * Puts a whole copy in the place of a broken journal, which is kept beside it. The copy must hold all that is whole of
 * the journal, and more. Throws `conflict` where it does not: a repair loses nothing.
 */
export async function repairJournal(
  folder: string,
  openStore: (folder: string) => JournalStore,
  wish: { readonly name: string; readonly file: string; readonly suffix: string },
): Promise<JournalState> {
  const { name, file, suffix } = wish;
  const copied = await readFrameFileName(file);
  if (copied !== name) throw new MusterError("usage", `${file} is a copy of the journal ${copied}, not of ${name}`);
  const store = openStore(folder);
  const now = await examineJournal(store, name);
  await store.close();
  let [frames, hashThere] = [0, FIRST_HASH];
  for await (const frame of readFrameFile(file)) {
    frames += 1;
    if (frames === now.frames) hashThere = hashFrame(frame);
  }
  if (hashThere !== now.lastHash || frames < now.frames) {
    const what = frames < now.frames ? `holds ${frames} frames, and ${now.frames} are whole` : "is of another history";
    throw new MusterError("conflict", `${file} cannot repair journal ${name}: it ${what}`, {
      wayOut: "Take a later copy. Nothing was changed.",
    });
  }
  if (now.broken === null && frames === now.frames) return now;
  const aside = join(folder, `repair-${suffix}`);
  const fresh = openStore(aside);
  const made = await fill(fresh, name, readFrameFile(file));
  await fresh.close();
  // The old one keeps its bytes, for whoever wants to know what happened.
  for (const end of ["-wal", "-shm", ""]) moveIfThere(join(folder, `${name}.sqlite${end}`), `.broken-${suffix}`);
  renameSync(join(aside, `${name}.sqlite`), join(folder, `${name}.sqlite`));
  return made;
}

function moveIfThere(path: string, suffix: string): void {
  try {
    renameSync(path, path + suffix);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
