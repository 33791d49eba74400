import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../../base/muster-error.ts";
import { moveAside } from "../../../base/node/move-aside.ts";
import { FILE_NAME, IDENTITY_FILE, SqliteSpool } from "./sqlite-spool.ts";

/** SQLite takes what is shorter than a page for a file that is still to be written. */
const PAGE_BYTES_MIN = 512;

/**
 * Opens an agent's spool. One that is damaged is moved aside, and `report` hears where to: the agent goes on with an
 * empty spool under a new identity, since under the old one numbers would be used again and pass for batches that the
 * coordinator has. What the old one held was not acknowledged, so it is leased and computed again.
 */
export function openSpool(folder: string, newAgentId: string, report: (sentence: string) => void): SqliteSpool {
  const spool = openOrReplace(folder, newAgentId, report);
  const file = join(folder, IDENTITY_FILE);
  if (readText(file) !== `${spool.agentId}\n`) writeFileSync(file, `${spool.agentId}\n`, { flush: true });
  return spool;
}

function openOrReplace(folder: string, newAgentId: string, report: (sentence: string) => void): SqliteSpool {
  const path = join(folder, FILE_NAME);
  try {
    // SQLite would take it for a new one. An agent that never got as far as an identity has lost nothing.
    if (isEmpty(path) && readText(join(folder, IDENTITY_FILE)) !== null)
      throw new MusterError("badData", `the agent's spool ${path} is empty`);
    return new SqliteSpool(folder, newAgentId);
  } catch (thrown) {
    const error = MusterError.from(thrown);
    if (error.kind !== "badData") throw error;
    const aside = moveAside(path);
    report(
      `${error.message}. It was moved to ${aside}; the agent goes on as ${newAgentId}, and the responses in it that the coordinator has not got are computed again`,
    );
    return new SqliteSpool(folder, newAgentId);
  }
}

function isEmpty(path: string): boolean {
  return existsSync(path) && statSync(path).size < PAGE_BYTES_MIN;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
