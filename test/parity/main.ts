// `npm run parity -- --golden FOLDER --map FILE --agents N`: whether N agents give what the reference harness gave.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { GoldenCluster } from "./golden-cluster.ts";
import { readGoldenFolder } from "./golden-runs.ts";
import { isProof, runGoldenFiles } from "./golden-session.ts";

const { values } = parseArgs({
  options: {
    golden: { type: "string" },
    map: { type: "string" },
    agents: { type: "string", default: "2" },
  },
});
const agents = Number(values.agents);
if (values.golden === undefined || values.map === undefined || !Number.isInteger(agents) || agents < 1) {
  console.error("usage: npm run parity -- --golden FOLDER --map DATASET-MAP [--agents N]");
  process.exit(2);
}
const files = readGoldenFolder(resolve(values.golden));
if (files.length === 0) {
  console.error(`${values.golden} holds no golden files`);
  process.exit(2);
}
const beganMs = performance.now();
const cluster = await GoldenCluster.start(agents);
try {
  const outcome = await runGoldenFiles(cluster, files, {
    datasetMap: resolve(values.map),
    say: (line) => console.log(line),
  });
  console.error(`${agents} agents, ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
  process.exitCode = isProof(outcome) ? 0 : 1;
} finally {
  await cluster.stop();
}
