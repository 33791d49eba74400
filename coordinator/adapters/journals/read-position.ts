import { MusterError } from "../../../base/muster-error.ts";
import type { Frame } from "../../ports/journal.ts";
import { FIRST_HASH, hashFrame } from "./frame-hash.ts";

/** Where a reader of a journal stands, and so what the next frame must be. */
export interface ReadPosition {
  readonly index: number;
  /** Hash of the frame before; null where it is not known, since the reader begins in the middle. */
  readonly previousHash: string | null;
  /** Epoch of the frame before. */
  readonly epochMin: number;
  /** The last epoch that the reader knows of; no frame may come from a later one. */
  readonly epochMax: number;
}

/** Where a reader begins. */
export function readFrom(index: number, epochMax = Number.POSITIVE_INFINITY): ReadPosition {
  return { index, previousHash: index === 0 ? FIRST_HASH : null, epochMin: 0, epochMax };
}

/** The position after a frame. Throws `badData` where the frame does not belong at this position. */
export function readOn(at: ReadPosition, frame: Frame, journal: string): ReadPosition {
  if (frame.index !== at.index) throw brokenFrame(journal, at.index, "it is missing");
  if (at.previousHash !== null && frame.previousHash !== at.previousHash) {
    throw brokenFrame(journal, at.index, "it does not follow the frame before it");
  }
  if (frame.epoch < at.epochMin) {
    throw brokenFrame(journal, at.index, `it is of epoch ${frame.epoch}, after a frame of epoch ${at.epochMin}`);
  }
  if (frame.epoch > at.epochMax) {
    throw brokenFrame(journal, at.index, `it is of epoch ${frame.epoch}, and the last that began is ${at.epochMax}`);
  }
  return { ...at, index: at.index + 1, previousHash: hashFrame(frame), epochMin: frame.epoch };
}

/** What is wrong with a journal, and where. */
export function brokenFrame(journal: string, index: number, what: string): MusterError {
  return new MusterError("badData", `journal ${journal}, frame ${index}: ${what}`, {
    wayOut: "Restore the journal from a copy; nothing was changed.",
  });
}
