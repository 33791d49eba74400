import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";

const drain: Command = ({ options, words }) =>
  withCoordinator(options, async (client) => {
    await client.drainAgent(words[0]!);
    process.stdout.write(options.json ? `${JSON.stringify({ agentId: words[0] })}\n` : `${words[0]} is draining\n`);
    return 0;
  });
export default drain;
