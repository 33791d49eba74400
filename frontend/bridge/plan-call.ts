// A plan of bare requests, made of a call of the harness: the harness rendered the prompts and will score.
import type { PlanHeader, PlanPiece, PlanTask } from "../../evaluation/plan.ts";
import type { RequestKind } from "../../evaluation/request.ts";
import type { RenderedRequest } from "../../evaluation/harness/task/render-document.ts";
import { Packer } from "../packer.ts";
import type { CallRequest } from "./call-line.ts";
import type { CallSpool } from "./call-spool.ts";

const NO_SEEDS = { python: 0, numpy: 0, torch: 0, fewshot: 0 };

/** The header of a call's plans: its tasks by name, without what scoring would need. */
export function callHeader(spool: CallSpool): PlanHeader {
  return {
    profile: "requests of lm-eval",
    tasks: distinctNames(spool.tasks).map((name) => bareTask(name, spool.head.kind)),
    groups: [],
    generations: [...spool.generations.values()],
    seeds: NO_SEEDS,
    limit: null,
    numFewshot: null,
    bootstrapIterations: 0,
    generationOverrides: null,
    responsesOnly: true,
  };
}

/** The rest of a plan of some of a call's samples (ascending positions), whose requests are numbered anew. */
export async function* planCall(spool: CallSpool, wanted: readonly number[]): AsyncGenerator<PlanPiece> {
  const packer = new Packer();
  const counts = spool.tasks.map(() => 0);
  let position = 0;
  let next = 0;
  for await (const { docId, requests } of spool.read()) {
    if (position++ !== wanted[next]) continue;
    const { task } = spool.samples[wanted[next]!]!;
    next += 1;
    counts[task]! += 1;
    const rendered = requests.map((request) => renderedRequest(request, spool));
    const piece = packer.add({ task, docId }, { doc: "{}", target: '""', requests: rendered });
    if (piece !== undefined) yield piece;
  }
  const last = packer.takeRest();
  if (last !== undefined) yield last;
  const { sampleCount, requestCount } = packer;
  const taskCounts = counts.map((samples) => ({ samples, originalSamples: samples }));
  yield { kind: "end", end: { requestCount, sampleCount, datasets: [], taskCounts } };
}

function renderedRequest({ context, detail }: CallRequest, { head, generations }: CallSpool): RenderedRequest {
  const { kind } = head;
  if (kind !== "generate_until") return { kind, context, continuation: detail };
  return { kind, context, continuation: "", generation: generations.get(detail)! };
}

function bareTask(name: string, outputKind: RequestKind): PlanTask {
  return {
    name,
    alias: name,
    version: '"N/A"',
    outputKind,
    numFewshot: 0,
    multipleTargets: false,
    config: "{}",
    higherIsBetter: {},
  };
}

/** A task that comes twice, with others between, is told apart by a number. */
function distinctNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}
