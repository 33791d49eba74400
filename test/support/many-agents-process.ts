// Several agents in one process, for clusters that have more agents than this machine can hold processes:
// ADDRESS FOLDER ENGINE NAME… Each is a full agent: its own core, streams, spool and identity.
import { join } from "node:path";
import { runAgent } from "../../agent/main.ts";
import type { ManyAgentsEngine } from "./muster-processes.ts";

const [coordinator, folder, engine, ...names] = process.argv.slice(2);
if (coordinator === undefined || folder === undefined || engine === undefined) throw new Error("words are missing");
// Each agent listens for the signals that stop it.
process.setMaxListeners(0);
const agents = names.map((name) =>
  runAgent({
    coordinator,
    name,
    dataFolder: join(folder, name),
    engines: {
      urls: [],
      urlApi: "completions",
      thinkEnd: null,
      thinkingTokens: 0,
      model: "hash",
      threads: null,
      cacheFolder: folder,
      ...(JSON.parse(engine) as ManyAgentsEngine),
    },
    pricePerSlotHour: 0,
    logLevel: "error",
  }),
);
await Promise.all(agents);
// The channel to the parent would keep the process alive.
if (process.channel) process.disconnect();
