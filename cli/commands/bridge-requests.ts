import { answerHarness } from "../bridge/answer-harness.ts";
import type { Command } from "../commands.ts";
import { listenForInterruption } from "../interruption.ts";

const bridgeRequests: Command = async ({ options }) => {
  const interruption = listenForInterruption();
  try {
    return await answerHarness(options, interruption.signal);
  } finally {
    interruption.close();
  }
};
export default bridgeRequests;
