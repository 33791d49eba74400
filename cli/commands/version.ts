import { MUSTER_VERSION } from "../../base/node/version.ts";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../proto/version.ts";
import type { Command } from "../commands.ts";

const version: Command = async ({ options }) => {
  const versions = {
    muster: MUSTER_VERSION,
    protocol: PROTOCOL_VERSION,
    schema: SCHEMA_HASH,
    node: process.versions.node,
  };
  const text = `muster ${versions.muster}, protocol ${versions.protocol} (schema ${versions.schema.slice(0, 12)}), Node ${versions.node}`;
  process.stdout.write(`${options.json ? JSON.stringify(versions) : text}\n`);
  return 0;
};
export default version;
