import { toJson } from "@bufbuild/protobuf";
import { type Agent, AgentSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";
import { columns, count } from "../format.ts";
import { printable } from "../terminal.ts";

const agents: Command = ({ options }) =>
  withCoordinator(options, async (client) => {
    const listed = await client.listAgents();
    if (options.json) process.stdout.write(`${JSON.stringify(listed.map((agent) => toJson(AgentSchema, agent)))}\n`);
    else if (listed.length === 0) {
      process.stderr.write(
        `no agents yet; on a GPU host: muster agent --coordinator ${client.address} --engine-url URL\n`,
      );
    } else process.stdout.write(`${listed.flatMap(agentLines).join("\n")}\n`);
    return 0;
  });
export default agents;

const gigabytes = (bytes: bigint): string => `${(Number(bytes) / 2 ** 30).toFixed(1)} GiB`;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

function agentLines(agent: Agent): string[] {
  const memory = `${gigabytes(agent.memoryUsedBytes)} of ${gigabytes(agent.memoryTotalBytes)}`;
  const slots = agent.slots.map((slot) => [
    `  ${printable(slot.slotId)}`,
    printable(`${slot.engine} ${slot.engineVersion}`),
    printable(slot.model),
    slot.kinds.join(", "),
    `${slot.runningSamples} running, ${slot.queuedSamples} queued`,
    printable(slot.health || slot.url),
  ]);
  const gpus = agent.gpus.map((gpu) => [
    `  GPU ${gpu.index}`,
    printable(gpu.name),
    `${percent(gpu.utilizationShare)} busy`,
    `${gigabytes(gpu.memoryUsedBytes)} of ${gigabytes(gpu.memoryTotalBytes)}`,
    `${gpu.powerWatts.toFixed(0)} W`,
    `${gpu.temperatureCelsius.toFixed(0)} °C`,
  ]);
  const missing = agent.slots.flatMap((slot) =>
    slot.missing.map((reason) => `  ${printable(slot.slotId)}: ${printable(reason)}`),
  );
  return [
    `${printable(agent.hostName)} (${printable(agent.agentId)}, process ${agent.processId}) ${agent.state}: CPU ${percent(agent.cpuShare)}, memory ${memory}, ${count(agent.responses)} responses`,
    ...columns(slots),
    ...missing,
    ...columns(gpus),
  ];
}
