import { toJson } from "@bufbuild/protobuf";
import { type Agent, AgentSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../quantities.ts";
import { printable } from "../terminal.ts";
import { textTable } from "../text-table.ts";

/** Clocks that differ by more are worth a note. */
const CLOCK_SKEW_MAX_SECONDS = 2;

const agents: Command = async ({ options }) => {
  const found = await withCoordinator(options, (client) => client.listAgents());
  if (options.json) {
    const values = found.map((agent) => toJson(AgentSchema, agent, { alwaysEmitImplicit: true }));
    process.stdout.write(`${JSON.stringify(values)}\n`);
  } else if (found.length === 0) {
    process.stderr.write("No agent is connected. `muster agent --coordinator HOST:PORT …` starts one.\n");
  } else
    process.stdout.write(`${[...formatAgents(found), ...formatSlots(found), ...shortcomings(found)].join("\n")}\n`);
  return 0;
};
export default agents;

function formatAgents(found: readonly Agent[]): string[] {
  return textTable(
    [
      { title: "Agent", align: "left" },
      { title: "Host", align: "left" },
      { title: "State", align: "left" },
      { title: "Process", align: "right" },
      { title: "CPU", align: "right" },
      { title: "Memory", align: "right" },
      { title: "GPUs", align: "left" },
      { title: "Answers", align: "right" },
      { title: "Version", align: "left" },
    ],
    found.map((agent) => [
      agent.agentId,
      agent.hostName,
      agent.state,
      String(agent.processId),
      agent.state === "lost" ? "" : formatShare(agent.cpuShare),
      agent.memoryTotalBytes === 0n
        ? ""
        : `${formatBytes(agent.memoryUsedBytes)} of ${formatBytes(agent.memoryTotalBytes)}`,
      agent.gpus.length === 0
        ? "none"
        : agent.gpus.map((gpu) => `${gpu.name} ${formatShare(gpu.utilizationShare)}`).join(", "),
      formatCount(agent.responses),
      agent.musterVersion,
    ]),
  );
}

function formatSlots(found: readonly Agent[]): string[] {
  const rows = found.flatMap((agent) =>
    agent.slots.map((slot) => [
      `${agent.hostName} ${slot.slotId}`,
      `${slot.engine} ${slot.engineVersion}`.trim(),
      slot.url,
      slot.model,
      slot.kinds.join(", "),
      `${formatCount(slot.runningSamples)} + ${formatCount(slot.queuedSamples)}`,
      slot.health === "" ? "ok" : slot.health,
    ]),
  );
  if (rows.length === 0) return [];
  const columns = ["Slot", "Engine", "Server", "Model", "Answers", "Running + queued", "Health"];
  return [
    "",
    ...textTable(
      columns.map((title) => ({ title, align: "left" })),
      rows,
    ),
  ];
}

/** Why engines cannot answer a kind of request, and clocks that differ. */
function shortcomings(found: readonly Agent[]): string[] {
  const sentences = new Set(found.flatMap(({ slots }) => slots.flatMap(({ missing }) => missing)));
  for (const { hostName, clockSkewSeconds = 0 } of found) {
    if (Math.abs(clockSkewSeconds) <= CLOCK_SKEW_MAX_SECONDS) continue;
    const direction = clockSkewSeconds > 0 ? "ahead of" : "behind";
    sentences.add(
      `the clock of ${hostName} is ${formatDuration(Math.abs(clockSkewSeconds))} ${direction} the coordinator's`,
    );
  }
  return sentences.size === 0 ? [] : ["", ...Array.from(sentences, (sentence) => `note: ${printable(sentence)}`)];
}
