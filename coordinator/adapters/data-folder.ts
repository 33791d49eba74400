import { readFileSync, rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { lockFolder } from "../../base/node/folder-lock.ts";

/** How to reach the coordinator that owns a data folder. */
export interface Announcement {
  readonly grpcAddress: string;
  readonly httpAddress: string;
}

/** A data folder that this process alone uses. */
export interface DataFolder {
  readonly path: string;
  /** Writes down how to reach this coordinator, for commands on the same machine. */
  announce(announcement: Announcement): Promise<void>;
  close(): Promise<void>;
}

interface AnnouncementFile extends Announcement {
  readonly processId: number;
}

const ANNOUNCEMENT = "coordinator.json";

/** Opens a data folder, making it where it is missing. Throws `conflict` while another coordinator uses it. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const lock = lockFolder(path, "--data-dir");
  if (lock === null) throw inUse(path);
  const announcement = join(path, ANNOUNCEMENT);
  return {
    path,
    async announce(addresses) {
      const partial = `${announcement}.partial`;
      await writeFile(partial, JSON.stringify({ ...addresses, processId: process.pid }));
      await rename(partial, announcement);
    },
    async close() {
      rmSync(announcement, { force: true });
      lock.close();
    },
  };
}

function inUse(path: string): MusterError {
  const owner = readFile(path);
  const who = owner === null ? "another coordinator" : `the coordinator with process id ${owner.processId}`;
  const address = owner === null ? "" : `, or use that one with --coordinator ${owner.grpcAddress}`;
  return new MusterError("conflict", `data folder ${path} is in use by ${who}`, {
    wayOut: `Choose another folder with --data-dir${address}.`,
  });
}

/** How to reach the coordinator that uses this folder now, or null where none does. */
export function readAnnouncement(path: string): AnnouncementFile | null {
  const found = readFile(path);
  if (found === null) return null;
  try {
    process.kill(found.processId, 0);
    return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPERM") return found;
    return null;
  }
}

function readFile(path: string): AnnouncementFile | null {
  try {
    return JSON.parse(readFileSync(join(path, ANNOUNCEMENT), "utf8")) as AnnouncementFile;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
