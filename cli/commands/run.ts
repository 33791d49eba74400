import type { Command } from "../commands.ts";
import { evaluateAnyhow } from "../bridge/evaluate-anyhow.ts";
import { withChatTemplate } from "../fetch-chat-template.ts";
import { listenForInterruption } from "../interruption.ts";
import { readRunWish } from "../run-wish.ts";

const run: Command = async ({ options }) => {
  const interruption = listenForInterruption();
  try {
    const { signal } = interruption;
    const here = await withChatTemplate(options, signal);
    return await evaluateAnyhow({ options: here, wish: readRunWish(here), signal });
  } finally {
    interruption.close();
  }
};
export default run;
