import { listModels } from "../../agent/adapters/models/resolve-model.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import type { Command } from "../commands.ts";
import { formatBytes } from "../quantities.ts";
import { textTable } from "../text-table.ts";

const models: Command = async ({ options }) => {
  const listed = await listModels(cacheFolder());
  const rows = listed.map(({ name, prose, bytes, isHere }) => [name, formatBytes(bytes), isHere ? "yes" : "no", prose]);
  const columns = ["Model", "Size", "Here", "What it is"].map((title) => ({ title, align: "left" as const }));
  process.stdout.write(options.json ? `${JSON.stringify(listed)}\n` : `${textTable(columns, rows).join("\n")}\n`);
  return 0;
};
export default models;
