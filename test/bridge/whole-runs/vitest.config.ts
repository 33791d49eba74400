import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/bridge/whole-runs/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
});
