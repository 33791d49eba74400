import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";

const cancel: Command = ({ options, words }) =>
  withCoordinator(options, async (client) => {
    const { runId, state } = await client.cancelRun(words[0]!);
    process.stdout.write(options.json ? `${JSON.stringify({ runId, state })}\n` : `${runId} ${state}\n`);
    return 0;
  });
export default cancel;
