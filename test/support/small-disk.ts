import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A folder on a disk of its own (tmpfs), which can be filled. Only root may have one. */
export class SmallDisk {
  readonly path: string;

  /** Whether this process may mount. */
  static get isPossible(): boolean {
    return process.platform === "linux" && process.getuid?.() === 0;
  }

  constructor(path: string, megabytes: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = openSync(join(this.path, "filler"), "w");
    try {
      // Down to the last page.
      for (let bytes = 1 << 20; bytes >= 4096;) {
        try {
          if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes >>= 1;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          bytes >>= 1;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back. */
  free(): void {
    rmSync(join(this.path, "filler"), { force: true });
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.path]);
  }
}
