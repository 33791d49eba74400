import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The harness that the bridge runs: the native frontend's profile, so that both give the same scores. */
export const BRIDGE_HARNESS = "lm_eval==0.4.13";

/** The Python package's own folder, as it comes with Muster. */
export const BRIDGE_SOURCES: string = join(import.meta.dirname, "..", "..", "bridge");

/** Written last, so that it says that an environment is whole. */
const NOTE = "muster-bridge.json";

/** What `muster bridge install` made. */
export interface BridgeNote {
  readonly harness: string;
  /** Digest of the package's sources. */
  readonly package: string;
  /** The words that start Muster, for a harness that is started without it. */
  readonly command: readonly string[];
}

/** The environment that `muster bridge install` makes in Muster's cache folder. */
export function bridgeEnvironment(cacheFolder: string): string {
  return join(cacheFolder, "bridge", BRIDGE_HARNESS.replace("==", "-"));
}

/** The Python of an environment. */
export function pythonOf(environment: string): string {
  return join(environment, "bin", "python");
}

/** Where an environment says what it is. */
export function noteFile(environment: string): string {
  return join(environment, NOTE);
}

/** What an environment says of itself; null where it was never finished. */
export function readBridgeNote(environment: string): BridgeNote | null {
  try {
    return JSON.parse(readFileSync(noteFile(environment), "utf8")) as BridgeNote;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined) return null;
    throw error;
  }
}

/** Hex SHA-256 of the package's sources. */
export function digestBridgeSources(): string {
  const folder = join(BRIDGE_SOURCES, "muster_bridge");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith(".py")) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}
