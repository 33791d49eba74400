// What an operator does to journals while no coordinator uses them: look, copy, bring back. Nothing here ever makes a
// journal shorter than what is valid of it.
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { moveAside } from "../../base/node/move-aside.ts";
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
  return fillJournal(store, name, readFrameFile(file));
}

async function fillJournal(store: JournalStore, name: string, frames: AsyncIterable<Frame>): Promise<JournalState> {
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

/** How a store puts frames in the place of a journal that it has already. */
export type ReplaceJournal = (name: string, frames: AsyncIterable<Frame>) => Promise<void>;

/**
 * Brings a journal to the length of a whole copy, which must hold all that is whole of the journal. What is missing at
 * its end is appended; a broken one is replaced. Throws `conflict` where the copy holds less: a repair loses nothing.
 */
export async function repairJournal(
  store: JournalStore,
  { name, file }: { readonly name: string; readonly file: string },
  replace: ReplaceJournal,
): Promise<JournalState> {
  const copied = await readFrameFileName(file);
  if (copied !== name) throw new MusterError("usage", `${file} is a copy of the journal ${copied}, not of ${name}`);
  const now = await examineJournal(store, name);
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
  if (now.broken === null) return fillJournal(store, name, skip(readFrameFile(file), now.frames));
  await replace(name, readFrameFile(file));
  return examineJournal(store, name);
}

async function* skip(frames: AsyncIterable<Frame>, count: number): AsyncGenerator<Frame> {
  for await (const frame of frames) if (frame.index >= count) yield frame;
}

/**
 * Replaces journals of a folder that no coordinator uses. The new one is whole before it takes the old one's place, and
 * the old one keeps its bytes beside it, for whoever wants to know what happened.
 */
export function replaceInFolder(folder: string, openStore: (folder: string) => JournalStore): ReplaceJournal {
  return async (name, frames) => {
    const fresh = join(folder, `repair-${name}`);
    // Of a repair that broke off.
    rmSync(fresh, { recursive: true, force: true });
    const store = openStore(fresh);
    await fillJournal(store, name, frames);
    await store.close();
    const path = join(folder, `${name}.sqlite`);
    if (existsSync(path)) moveAside(path);
    renameSync(join(fresh, `${name}.sqlite`), path);
    rmSync(fresh, { recursive: true });
  };
}

/** Replaces journals of servers, where nothing can be kept beside: what is read of the old one is in the copy. */
export function replaceInStore(store: JournalStore): ReplaceJournal {
  return async (name, frames) => {
    await store.remove(name);
    await fillJournal(store, name, frames);
  };
}
