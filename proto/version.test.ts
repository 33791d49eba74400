import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { file_muster_v1_agent } from "./gen/muster/v1/agent_pb.js";
import { file_muster_v1_columns } from "./gen/muster/v1/columns_pb.js";
import { file_muster_v1_operator } from "./gen/muster/v1/operator_pb.js";
import { SCHEMA_HASH } from "./version.ts";

test("the schema hash names the wire schema that is checked in", () => {
  const hash = createHash("sha256");
  for (const file of [file_muster_v1_agent, file_muster_v1_columns, file_muster_v1_operator]) {
    hash.update(toBinary(FileDescriptorProtoSchema, file.proto));
  }
  expect(
    SCHEMA_HASH,
    "the wire schema changed: put its new hash here; if a meaning changed, bump PROTOCOL_VERSION",
  ).toBe(hash.digest("hex"));
});
