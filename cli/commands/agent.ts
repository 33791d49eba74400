import type { EngineName } from "../../agent/adapters/engines/engine-options.ts";
import { runAgent } from "../../agent/main.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { downloadBar } from "../download-bar.ts";

/** Where a coordinator of the same host listens. */
const COORDINATOR = "127.0.0.1:7461";

const agent: Command = async ({ options }) => {
  const bar = downloadBar(options.json || options.logLevel === "silent");
  // Ends a download or the loading of a model; a running agent has its own, gentler way to stop.
  const starting = new AbortController();
  const interrupt = (): void => starting.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  await runAgent({
    coordinator: options.coordinator ?? COORDINATOR,
    name: options.name ?? null,
    dataFolder: options.dataFolder ?? null,
    engines: {
      engine: (options.engine as EngineName | undefined) ?? null,
      urls: options.engineUrls,
      model: options.model ?? null,
      concurrency: options.concurrency ?? null,
      threads: options.threads ?? null,
      simulation: options.simulation ?? {},
      cacheFolder: cacheFolder(),
      onProgress: (progress) => bar.show(progress),
      signal: starting.signal,
    },
    pricePerSlotHour: options.pricePerHour,
    logLevel: options.logLevel,
    onReady(ready) {
      bar.close();
      process.send?.({ kind: "ready", ...ready });
    },
  });
  return 0;
};
export default agent;
