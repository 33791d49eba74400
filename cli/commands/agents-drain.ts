import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { withCoordinator } from "../find-coordinator.ts";

const agentsDrain: Command = async ({ options, words }) => {
  const agentId = await withCoordinator(options, async (client) => {
    const found = await resolveAgent(client, words[0]!);
    await client.drainAgent(found);
    return found;
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ agentId, state: "draining" })}\n`);
  else process.stdout.write(`Agent ${agentId} finishes what it has begun and takes nothing new.\n`);
  return 0;
};
export default agentsDrain;

/** An agent by its id, its host's name, or the beginning of its id. */
async function resolveAgent(client: CoordinatorClient, word: string): Promise<string> {
  const agents = (await client.listAgents()).filter(({ state }) => state !== "lost");
  const exact = agents.filter(({ agentId, hostName }) => agentId === word || hostName === word);
  const fitting = exact.length > 0 ? exact : agents.filter(({ agentId }) => agentId.startsWith(word));
  if (fitting.length === 1) return fitting[0]!.agentId;
  const names = (fitting.length === 0 ? agents : fitting).map(({ agentId }) => agentId);
  throw new MusterError(
    fitting.length === 0 ? "notFound" : "usage",
    fitting.length === 0 ? `no agent ${word} is connected` : `${fitting.length} agents are called ${word}`,
    { wayOut: names.length === 0 ? "None is connected." : `There is: ${names.slice(0, 10).join(", ")}.` },
  );
}
