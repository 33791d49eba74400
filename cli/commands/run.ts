import type { Command } from "../commands.ts";
import { evaluateAnyhow } from "../bridge/evaluate-anyhow.ts";
import { listenForInterruption } from "../interruption.ts";
import { readRunWish } from "../run-wish.ts";

const run: Command = async ({ options }) => {
  const interruption = listenForInterruption();
  try {
    return await evaluateAnyhow({ options, wish: readRunWish(options), signal: interruption.signal });
  } finally {
    interruption.close();
  }
};
export default run;
