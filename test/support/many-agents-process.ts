// Several agents in one process, for clusters that have more agents than this machine can hold processes:
// ADDRESS FOLDER NAME… Each is a full agent: its own core, streams, spool and identity.
import { join } from "node:path";
import { runAgent } from "../../agent/main.ts";

const [coordinator, folder, ...names] = process.argv.slice(2);
if (coordinator === undefined || folder === undefined) throw new Error("no coordinator, or no folder");
// Each agent listens for the signals that stop it.
process.setMaxListeners(0);
const agents = names.map((name) =>
  runAgent({
    coordinator,
    name,
    dataFolder: join(folder, name),
    engines: {
      engine: "hash",
      urls: [],
      urlApi: "completions",
      thinkEnd: null,
      thinkingTokens: 0,
      model: "hash",
      concurrency: null,
      threads: null,
      simulation: {},
      cacheFolder: folder,
    },
    pricePerSlotHour: 0,
    logLevel: "error",
  }),
);
await Promise.all(agents);
// The channel to the parent would keep the process alive.
if (process.channel) process.disconnect();
