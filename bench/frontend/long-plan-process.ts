// Makes a long plan as `muster run` does, drops every piece, and says how much memory that took at most.
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { streamPlan } from "../../frontend/stream-plan.ts";

const request = JSON.parse(process.argv[2]!) as PlanRequest;
const beganMs = performance.now();
let requests = 0;
const around = { signal: new AbortController().signal, onProgress: () => undefined };
for await (const piece of streamPlan(request, around)) {
  if (piece.kind === "pack") requests += piece.pack.requests.length;
}
const seconds = (performance.now() - beganMs) / 1000;
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ requests, seconds, peakBytes })}\n`);
