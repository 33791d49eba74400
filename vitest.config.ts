import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      "test/vllm/**",
      "test/model/**",
      "test/nats/**",
      "test/bridge/whole-runs/**",
      ".build/**",
    ],
    // Suites that start real processes need their time on a busy two-core machine; none waits for a delay.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
