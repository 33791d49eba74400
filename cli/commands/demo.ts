import { join } from "node:path";
import type { Command } from "../commands.ts";
import type { Options } from "../options.ts";
import { readRunWish } from "../plan-request.ts";
import { evaluate } from "./run.ts";

const SUITE = join(import.meta.dirname, "..", "..", "quickstart", "suite.yaml");
const MODEL = "smollm2-135m";
const AGENTS = 2;

const demo: Command = async ({ options: given }) => {
  const options: Options = { ...given, suite: SUITE, tasks: [], model: MODEL, localAgents: AGENTS, yes: true };
  process.stderr.write(
    `The quickstart suite on ${MODEL}, on a coordinator and ${AGENTS} agents, each a process of its own.\n`,
  );
  const code = await evaluate(options, readRunWish(options));
  if (code === 0 && !options.json) process.stderr.write(NEXT);
  return code;
};
export default demo;

const NEXT = `
Next:
  npx muster tasks install lm-eval@0.4.13        the harness's own tasks
  npx muster tasks list 'gsm8k*'                 what there is
  npx muster run --tasks gsm8k --limit 20 --model ${MODEL} --local-agents ${AGENTS}
  npx muster coordinator                         then, on each GPU host:
  npx muster agent --coordinator HOST:7461 --engine-url http://127.0.0.1:8000
`;
