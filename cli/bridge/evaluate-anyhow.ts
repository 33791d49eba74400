// `muster run`: natively where that is exact, with the harness itself where it must be, and a word on which and why.
import { join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { findMediaRefusal } from "../../frontend/inspection/judge-task.ts";
import { evaluate, type EvaluationOptions } from "../evaluate.ts";
import { newRunId } from "../local-runs.ts";
import { NotNative } from "../not-native.ts";
import type { Options } from "../options.ts";
import { printable } from "../terminal.ts";
import { chooseFrontends, hasBridge } from "./choose-frontend.ts";
import { evaluateWithHarness } from "./evaluate-with-harness.ts";

/** Evaluates by whatever frontend the options allow; resolves to the exit code. */
export async function evaluateAnyhow(wanted: EvaluationOptions): Promise<number> {
  const { options } = wanted;
  if (options.bridge === "always") return bridge(wanted);
  try {
    return await evaluate(wanted);
  } catch (thrown) {
    if (!(thrown instanceof NotNative) || options.bridge === "never") throw thrown;
    const blind = findMediaRefusal(wanted.wish.request, wanted.wish.request.tasks);
    if (blind !== null) throw blind;
    if (!hasBridge(options)) throw withHint(thrown, "`muster bridge install` lets the harness itself run such tasks.");
    if (options.detach)
      throw withHint(thrown, "The bridge can run it, but not with --detach: the harness scores here.");
    return await divide(wanted, thrown);
  }
}

async function divide(wanted: EvaluationOptions, refusal: NotNative): Promise<number> {
  const { wish, signal } = wanted;
  const chosen = await chooseFrontends(wish.request, refusal, signal);
  for (const [name, reason] of chosen.reasons) {
    process.stderr.write(`Bridge  ${printable(name)} runs with the harness itself: ${printable(reason)}\n`);
  }
  if (chosen.native !== null) process.stderr.write(`Native  ${printable(chosen.native.tasks.join(", "))}\n`);
  const output = wanted.options.output ?? join("muster-results", newRunId(new Date()));
  const values: object[] = [];
  const options: Options = { ...wanted.options, output };
  const shared = { ...wanted, options, onResult: (value: object): void => void values.push(value) };
  const codes: number[] = [];
  if (chosen.native !== null) codes.push(await evaluate({ ...shared, wish: { ...wish, request: chosen.native } }));
  if (chosen.bridge !== null) codes.push(await bridge({ ...shared, wish: { ...wish, request: chosen.bridge } }));
  if (options.json) {
    const [first, second] = values;
    process.stdout.write(`${JSON.stringify(second === undefined ? first : { ...first, bridge: second })}\n`);
  }
  return Math.max(...codes);
}

function bridge({ options, wish, signal, onResult }: EvaluationOptions): Promise<number> {
  return evaluateWithHarness({ options, wish, more: [], signal, ...(onResult === undefined ? {} : { onResult }) });
}

function withHint(refusal: NotNative, hint: string): MusterError {
  const wayOut = refusal.wayOut === undefined ? hint : `${refusal.wayOut}\n${hint}`;
  return new MusterError(refusal.kind, refusal.message, { wayOut, cause: refusal });
}
