import { vi } from "vitest";

/** Lets pip know one index and nothing else of this machine's settings, until `vi.unstubAllEnvs`. */
export function usePipIndex(url: string): void {
  vi.stubEnv("PIP_CONFIG_FILE", "/dev/null");
  vi.stubEnv("PIP_EXTRA_INDEX_URL", "");
  vi.stubEnv("PIP_FIND_LINKS", "");
  vi.stubEnv("PIP_RETRIES", "0");
  vi.stubEnv("PIP_NO_CACHE_DIR", "1");
  vi.stubEnv("PIP_INDEX_URL", `${url}/simple`);
}
