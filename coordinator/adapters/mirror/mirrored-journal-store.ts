import type { Logger } from "pino";
import { MusterError } from "../../../base/muster-error.ts";
import type { CopiedJournals, Journal, JournalStore } from "../../ports/journal.ts";
import { hashFrame } from "../journals/frame-hash.ts";
import type { SqliteJournalStore } from "../journals/sqlite-journal-store.ts";
import { MirroredJournal } from "./mirrored-journal.ts";

/** What a mirrored store is made of. */
export interface MirrorParts {
  /** The journals that count. */
  readonly journals: JournalStore;
  /** Copies of their frames on this machine. */
  readonly mirror: SqliteJournalStore;
  readonly log: Logger;
}

/**
 * The cluster's journals, each with a copy on this machine of the frames that this coordinator wrote or read. Frames
 * that the copy holds are read from it, once its last one was found in the journal too; a journal that has lost frames
 * which the copy holds is not used.
 */
export class MirroredJournalStore implements CopiedJournals {
  readonly #parts: MirrorParts;
  readonly #open = new Set<MirroredJournal>();

  constructor(parts: MirrorParts) {
    this.#parts = parts;
  }

  /** Throws `badData` where the journal has lost frames that the copy holds, or holds others in their place. */
  async open(name: string): Promise<MirroredJournal> {
    const { journals, mirror, log } = this.#parts;
    const journal = await journals.open(name);
    let copy = await mirror.open(name);
    try {
      await compareEnds(name, journal, copy);
    } catch (error) {
      await copy.close();
      if (!(error instanceof DamagedCopy)) {
        await journal.close();
        throw error;
      }
      const aside = await mirror.setAside(name);
      log.error({ journal: name, error: error.message, aside }, "the copy of a journal is damaged; it is made anew");
      copy = await mirror.open(name);
    }
    const made = new MirroredJournal({
      ...{ name, journal, copy, log },
      setAside: () => mirror.setAside(name),
      onClose: () => this.#open.delete(made),
    });
    this.#open.add(made);
    return made;
  }

  /** Throws `badData` where a journal is gone that there is a copy of. */
  async list(): Promise<readonly string[]> {
    const { journals, mirror } = this.#parts;
    const names = await journals.list();
    for (const name of await mirror.list()) {
      if (names.includes(name)) continue;
      const copy = await mirror.open(name);
      const frames = await copy.length();
      await copy.close();
      if (frames > 0)
        throw lostFrames(name, `there is no such journal any more, and the copy here has ${frames} frames`);
    }
    return names;
  }

  async remove(name: string): Promise<void> {
    await this.#parts.journals.remove(name);
    await this.#parts.mirror.remove(name);
  }

  /** Waits until the copies have what was appended. */
  async close(): Promise<void> {
    for (const journal of this.#open) await journal.close();
    await this.#parts.journals.close();
    await this.#parts.mirror.close();
  }
}

/** The copy cannot be read; that says nothing about the journal. */
class DamagedCopy extends Error {}

/** Each frame names all before it: where the copy's last one is also in the journal, the copy is the journal's beginning. */
async function compareEnds(name: string, journal: Journal, copy: Journal): Promise<void> {
  const held = await copy.length();
  if (held === 0) return;
  const own = await lastHash(copy, held);
  for await (const frame of journal.read(held - 1)) {
    if (hashFrame(frame) === own) return;
    throw lostFrames(name, `its frame ${frame.index} is another than in the copy here`);
  }
  throw lostFrames(name, `it has ${await journal.length()} frames, and the copy here has ${held}`);
}

async function lastHash(copy: Journal, length: number): Promise<string> {
  try {
    for await (const frame of copy.read(length - 1)) return hashFrame(frame);
  } catch (error) {
    throw new DamagedCopy(MusterError.from(error).message, { cause: error });
  }
  throw new DamagedCopy("its last frame is missing");
}

function lostFrames(name: string, what: string): MusterError {
  return new MusterError("badData", `journal ${name} has lost what was acknowledged: ${what}`, {
    wayOut:
      `Nothing was changed. To bring it back from the copy: muster journal export ${name} --data-dir FOLDER, ` +
      `then muster journal repair ${name} --nats ADDRESSES --from ${name}.journal. To go on without: move the folder's mirror away.`,
  });
}
