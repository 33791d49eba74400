import { cacheFolder } from "../../base/node/folders.ts";
import { type CachedSplit, listCachedDatasets } from "../../frontend/data/list-cache.ts";
import type { Command } from "../commands.ts";
import { formatBytes } from "../quantities.ts";
import { textTable } from "../text-table.ts";

const SHOWN_DIGITS = 12;

const dataList: Command = ({ options }) => {
  const listed = listCachedDatasets(cacheFolder());
  if (options.json) process.stdout.write(`${JSON.stringify(listed)}\n`);
  else if (listed.length === 0) process.stderr.write("No data set of the hub is in the cache yet.\n");
  else process.stdout.write(`${textTable(COLUMNS, listed.map(rowOf)).join("\n")}\n`);
  return Promise.resolve(0);
};
export default dataList;

const COLUMNS = ["Data set", "Split", "Revision", "Commit", "Size", "SHA-256"].map((title) => ({
  title,
  align: title === "Size" ? ("right" as const) : ("left" as const),
}));

function rowOf({ dataset, split, revision, commit, bytes, ...rest }: CachedSplit): string[] {
  const short = commit.slice(0, SHOWN_DIGITS);
  return [dataset, split ?? "(files)", revision, short, formatBytes(bytes), stateOf(rest)];
}

function stateOf({
  sha256,
  intact,
  files,
  allFiles,
}: Pick<CachedSplit, "sha256" | "intact" | "files" | "allFiles">): string {
  if (!intact) return "damaged: fetched again when it is used";
  if (sha256 !== null) return sha256.slice(0, SHOWN_DIGITS);
  return files === allFiles ? "" : `${files} of ${allFiles} files are here`;
}
