import { listModels } from "../../agent/adapters/models/resolve-model.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { columns, megabytes } from "../format.ts";

const models: Command = async ({ options }) => {
  const listed = await listModels(cacheFolder());
  const rows = listed.map(({ name, prose, bytes, isHere }) => [
    name,
    megabytes(bytes),
    isHere ? "here" : "not fetched",
    prose,
  ]);
  process.stdout.write(options.json ? `${JSON.stringify(listed)}\n` : `${columns(rows).join("\n")}\n`);
  return 0;
};
export default models;
