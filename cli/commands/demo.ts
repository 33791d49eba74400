import { join } from "node:path";
import type { Command } from "../commands.ts";
import { evaluate } from "../evaluate.ts";
import { listenForInterruption } from "../interruption.ts";
import { readRunWish } from "../run-wish.ts";

const SUITE = join(import.meta.dirname, "..", "..", "quickstart", "suite.yaml");
const MODEL = "smollm2-135m";
const AGENTS = 2;

const demo: Command = async (input) => {
  const options = { ...input.options, suite: SUITE, model: MODEL, localAgents: AGENTS, yes: true };
  process.stderr.write(
    `This runs five small tasks with ${MODEL}, a small language model, on ${AGENTS} agents: processes of this machine\n` +
      "that a coordinator gives the work to. It fetches the model first if it is not there (94 MB, once).\n\n",
  );
  const interruption = listenForInterruption();
  try {
    return await evaluate({ options, wish: readRunWish(options), signal: interruption.signal, next: NEXT });
  } finally {
    interruption.close();
  }
};
export default demo;

const NEXT = [
  "muster tasks install lm-eval@0.4.13     (the harness's tasks, once)",
  `muster run --tasks gsm8k --limit 20 --model ${MODEL} --local-agents ${AGENTS}`,
  "muster run --help",
];
