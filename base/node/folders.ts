import { homedir } from "node:os";
import { join } from "node:path";

/** Where Muster keeps what must outlive a process: `$XDG_STATE_HOME/muster`. */
export function stateFolder(): string {
  return join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "muster");
}

/** Where Muster keeps what can be fetched again: `$XDG_CACHE_HOME/muster`. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "muster");
}
