import { toJson } from "@bufbuild/protobuf";
import { type ClusterMember, ClusterSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";
import { formatCount } from "../quantities.ts";
import { textTable } from "../text-table.ts";

const clusterStatus: Command = async ({ options }) => {
  const cluster = await withCoordinator(options, (client) => client.getCluster());
  if (options.json) {
    process.stdout.write(`${JSON.stringify(toJson(ClusterSchema, cluster, { alwaysEmitImplicit: true }))}\n`);
    return 0;
  }
  const who = cluster.leaderAddress === "" ? "No coordinator leads." : `${cluster.leaderAddress} leads.`;
  process.stdout.write(`${[who, "", ...formatMembers(cluster.members)].join("\n")}\n`);
  return 0;
};
export default clusterStatus;

function formatMembers(members: readonly ClusterMember[]): string[] {
  return textTable(
    [
      { title: "Coordinator", align: "left" },
      { title: "Role", align: "left" },
      { title: "Address", align: "left" },
      { title: "Metrics", align: "left" },
      { title: "Epoch", align: "right" },
      { title: "Frames behind", align: "right" },
      { title: "Process", align: "right" },
      { title: "Version", align: "left" },
    ],
    members.map((member) => [
      member.name,
      member.role,
      member.address,
      `http://${member.httpAddress}/metrics`,
      formatCount(member.epoch),
      formatCount(member.framesBehind),
      String(member.processId),
      member.musterVersion,
    ]),
  );
}
