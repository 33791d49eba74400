import { readFileSync } from "node:fs";
import { MusterError } from "../../../../base/muster-error.ts";

/** A header's name, as HTTP has it. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The headers that let a request in: a key from the environment, or from the file that it names. Keys are never options,
 * which others on this machine could read. Throws `usage` where the file or the header's name cannot be used.
 */
export function apiKeyHeaders(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const key = environment["MUSTER_ENGINE_API_KEY"] || keyOfFile(environment) || environment["OPENAI_API_KEY"];
  if (key === undefined || key === "") return {};
  const header = environment["MUSTER_ENGINE_API_KEY_HEADER"] || "authorization";
  if (!HEADER.test(header) || /[^\x21-\x7e]/.test(key)) {
    throw new MusterError(
      "usage",
      "the engine's key, or the name of its header, has characters that no header may have",
      {
        wayOut: "Look at MUSTER_ENGINE_API_KEY, MUSTER_ENGINE_API_KEY_FILE and MUSTER_ENGINE_API_KEY_HEADER.",
      },
    );
  }
  return { [header.toLowerCase()]: header.toLowerCase() === "authorization" ? `Bearer ${key}` : key };
}

function keyOfFile(environment: NodeJS.ProcessEnv): string | null {
  const file = environment["MUSTER_ENGINE_API_KEY_FILE"];
  if (!file) return null;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new MusterError("usage", `the key file ${file} (MUSTER_ENGINE_API_KEY_FILE) cannot be read (${code})`, {
      cause: error,
    });
  }
}
