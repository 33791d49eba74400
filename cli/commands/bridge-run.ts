import { evaluateWithHarness } from "../bridge/evaluate-with-harness.ts";
import type { Command } from "../commands.ts";
import { listenForInterruption } from "../interruption.ts";
import { readRunWish } from "../run-wish.ts";

const bridgeRun: Command = async ({ options, words }) => {
  const interruption = listenForInterruption();
  try {
    return await evaluateWithHarness({ options, wish: readRunWish(options), more: words, signal: interruption.signal });
  } finally {
    interruption.close();
  }
};
export default bridgeRun;
