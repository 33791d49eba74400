import { parentPort } from "node:worker_threads";
import { liveThrough, type WorldReport } from "./world.ts";

/** What became of one world. */
export type SimulationReply =
  | { readonly kind: "kept"; readonly seed: number; readonly report: WorldReport }
  | { readonly kind: "violated"; readonly seed: number; readonly message: string };

async function liveOne(seed: number): Promise<SimulationReply> {
  try {
    return { kind: "kept", seed, report: await liveThrough(seed) };
  } catch (error) {
    return { kind: "violated", seed, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", async ({ from, count }: { readonly from: number; readonly count: number }) => {
  const replies: SimulationReply[] = [];
  for (let seed = from; seed < from + count; seed++) replies.push(await liveOne(seed));
  parentPort!.postMessage(replies);
});
