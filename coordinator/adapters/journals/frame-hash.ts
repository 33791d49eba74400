import { createHash } from "node:crypto";
import { MusterError } from "../../../base/muster-error.ts";
import type { Frame } from "../../ports/journal.ts";

/** The hash before the first frame. */
export const FIRST_HASH = "0".repeat(64);

/** Journal names may become file names. */
const NAME = /^[a-z0-9-]{1,80}$/;

/** Throws `usage` for a name that could leave its folder. */
export function checkJournalName(name: string): void {
  if (!NAME.test(name))
    throw new MusterError("usage", `${JSON.stringify(name.slice(0, 100))} is not the name of a journal`);
}

/** Names a frame and, through the hash before it, everything before it. Hex SHA-256. */
export function hashFrame(frame: Frame): string {
  return createHash("sha256")
    .update(`${frame.index}|${frame.epoch}|${frame.previousHash}|`)
    .update(frame.payload)
    .digest("hex");
}
