import type { Command } from "../commands.ts";
import { evaluate } from "../evaluate.ts";
import { listenForInterruption } from "../interruption.ts";
import { readRunWish } from "../run-wish.ts";

const run: Command = async ({ options }) => {
  const interruption = listenForInterruption();
  try {
    return await evaluate({ options, wish: readRunWish(options), signal: interruption.signal });
  } finally {
    interruption.close();
  }
};
export default run;
