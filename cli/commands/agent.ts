import type { EngineName } from "../../agent/adapters/engines/engine-options.ts";
import { runAgent } from "../../agent/main.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { fetchModel } from "../fetch-model.ts";
import { listenForInterruption } from "../interruption.ts";
import type { Options } from "../options.ts";
import { plural } from "../quantities.ts";
import { isTold } from "../report-error.ts";

const COORDINATOR_DEFAULT = "127.0.0.1:7461";

const agent: Command = async ({ options }) => {
  const coordinator = options.coordinator ?? COORDINATOR_DEFAULT;
  await fetchFirst(options);
  await runAgent({
    coordinator,
    name: options.name ?? null,
    dataFolder: options.dataFolder ?? null,
    engines: {
      engine: (options.engine ?? null) as EngineName | null,
      urls: options.engineUrls,
      urlApi: options.engineApi as "completions" | "chat",
      thinkEnd: options.thinkEnd ?? null,
      thinkingTokens: options.thinkingTokens,
      model: options.model ?? null,
      concurrency: options.concurrency ?? null,
      threads: options.threads ?? null,
      simulation: JSON.parse(options.simulation ?? "{}") as Record<string, unknown>,
      cacheFolder: cacheFolder(),
    },
    pricePerSlotHour: options.pricePerHour,
    logLevel: options.logLevel,
    onReady({ agentId, slots }) {
      if (!isTold(options.logLevel)) return;
      process.stderr.write(`Agent ${agentId} ready with ${plural(slots.length, "slot")} at ${coordinator}\n`);
    },
  });
  return 0;
};
export default agent;

/** A model that is not here yet, with a bar for who is watching. */
async function fetchFirst(options: Options): Promise<void> {
  const interruption = listenForInterruption();
  try {
    await fetchModel(options, interruption.signal);
  } finally {
    interruption.close();
  }
}
