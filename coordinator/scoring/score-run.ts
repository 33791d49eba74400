// The final pass over a run: packs of the plan in canonical order, responses beside them, scores and files out. What is
// in memory: one pack, a few numbers a sample, and 20 bytes a request.
import { createHash } from "node:crypto";
import { MusterError } from "../../base/muster-error.ts";
import type { CoverageCertificate, RunManifest, SetAsideRequest, SetAsideSample } from "../../evaluation/manifest.ts";
import type { PlanSample, PlanTask } from "../../evaluation/plan.ts";
import { manifestScores } from "../../evaluation/report/manifest-scores.ts";
import { formatResults, formatScores, type ResultsContext } from "../../evaluation/report/results-json.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { digestTask } from "../../evaluation/task-digest.ts";
import type { StoredPack } from "../shell/plan-store.ts";
import { AcceptedResponses } from "./accepted-responses.ts";
import { Coverage } from "./coverage.ts";
import type { FinishedRun, RunScores } from "./finish-run.ts";
import { type OutputFile, OutputFolder } from "./output-file.ts";
import { readPackRequests, readPackSamples } from "./plan-packs.ts";
import { markStep } from "../../base/node/step-watch.ts";
import { ResponseDigests } from "./response-digests.ts";
import { ResponsesOutput } from "./responses-output.ts";
import { type TaskOutcome, TaskOutput } from "./task-output.ts";

const TRUNCATED_LISTED_MAX = 1000;

/** Scores a run and writes its files. `mark` is where the sample at hand is noted. */
export async function scoreRun(finished: FinishedRun, mark: Int32Array): Promise<RunScores> {
  const folder = new OutputFolder(finished.outputFolder);
  try {
    return await new RunScoring(finished, folder, mark).run();
  } catch (error) {
    folder.discard();
    throw error;
  }
}

class RunScoring {
  readonly #finished: FinishedRun;
  readonly #folder: OutputFolder;
  readonly #mark: Int32Array;
  readonly #stamp: string;
  readonly #coverage: Coverage;
  readonly #answers: ResponseDigests;
  readonly #failures: ReadonlyMap<number, SetAsideRequest>;
  readonly #setAside: SetAsideSample[] = [];
  readonly #truncated: number[] = [];
  readonly #outcomes: TaskOutcome[] = [];
  #truncatedCount = 0;
  #task: TaskOutput | ResponsesOutput | null = null;
  #responsesFile: OutputFile | null = null;

  constructor(finished: FinishedRun, folder: OutputFolder, mark: Int32Array) {
    this.#finished = finished;
    this.#folder = folder;
    this.#mark = mark;
    this.#stamp = fileStamp(finished.endedUnixMs);
    this.#coverage = new Coverage(finished.plan);
    this.#answers = new ResponseDigests(finished.plan);
    this.#failures = new Map(finished.failures.map((failure) => [failure.requestIndex, failure]));
  }

  async run(): Promise<RunScores> {
    const { plan, batches, blobFolder } = this.#finished;
    const responses = await AcceptedResponses.read(batches, {
      blobFolder,
      requestCount: plan.end.requestCount,
      scratch: this.#folder.scratch(),
    });
    let next = plan.packs.length > 0 ? this.#load(plan.packs[0]!) : null;
    for (let position = 0; next !== null; position++) {
      const { samples, requests } = await next;
      const following = plan.packs[position + 1];
      next = following === undefined ? null : this.#load(following);
      for (const sample of samples) this.#score(sample, requests, responses);
    }
    this.#moveToTask(plan.header.tasks.length);
    return this.#write(this.#coverage.certify());
  }

  async #load(pack: StoredPack): Promise<{ samples: readonly PlanSample[]; requests: readonly EvaluationRequest[] }> {
    const { blobFolder } = this.#finished;
    const loading = Promise.all([readPackSamples(blobFolder, pack), readPackRequests(blobFolder, pack)]);
    // Awaited in its turn; until then a failure must not count as unhandled.
    loading.catch(() => undefined);
    const [samples, requests] = await loading;
    return { samples, requests };
  }

  #score(sample: PlanSample, packRequests: readonly EvaluationRequest[], all: AcceptedResponses): void {
    this.#moveToTask(sample.task);
    const responses: EvaluationResponse[] = [];
    const failed: SetAsideRequest[] = [];
    const end = sample.firstRequest + sample.requestCount;
    for (let request = sample.firstRequest; request < end; request++) {
      const response = all.get(request);
      const failure = this.#failures.get(request);
      if (response !== null) responses.push(response);
      else if (failure !== undefined) failed.push(failure);
      else throw new MusterError("badData", `request ${request} has neither a response nor a failure`);
    }
    if (failed.length > 0) {
      const task = this.#finished.plan.header.tasks[sample.task]!.name;
      this.#setAside.push({ task, docId: sample.docId, requests: failed });
      this.#coverage.setAside(sample);
      this.#answers.setAside(sample);
      return;
    }
    const first = sample.firstRequest - packRequests[0]!.index;
    const requests = packRequests.slice(first, first + sample.requestCount);
    const { promptHash } = markStep(this.#mark, sample.index, () => this.#task!.add(sample, requests, responses));
    this.#coverage.count(sample, promptHash);
    this.#answers.count(sample, responses);
    this.#noteTruncation(requests, responses);
  }

  #noteTruncation(requests: readonly EvaluationRequest[], responses: readonly EvaluationResponse[]): void {
    responses.forEach(({ truncatedTokens }, position) => {
      if (truncatedTokens === 0) return;
      this.#truncatedCount += 1;
      if (this.#truncated.length < TRUNCATED_LISTED_MAX) this.#truncated.push(requests[position]!.index);
    });
  }

  /** Ends the tasks before this one. Tasks without a sample still get their row and their file. */
  #moveToTask(task: number): void {
    const { header } = this.#finished.plan;
    if (task < this.#outcomes.length) throw new MusterError("badData", "the plan's tasks are out of order");
    while (this.#outcomes.length < task) {
      const output = this.#task ?? this.#outputOf(header.tasks[this.#outcomes.length]!);
      this.#outcomes.push(output.finish(header.bootstrapIterations));
      this.#task = null;
    }
    const next = header.tasks[task];
    if (this.#task === null && next !== undefined) this.#task = this.#outputOf(next);
  }

  #outputOf(task: PlanTask): TaskOutput | ResponsesOutput {
    if (this.#finished.plan.header.responsesOnly !== true) return new TaskOutput(task, this.#folder, this.#stamp);
    this.#responsesFile ??= this.#folder.create(`responses_${this.#stamp}.jsonl`);
    return new ResponsesOutput(task, this.#responsesFile);
  }

  #write(coverage: CoverageCertificate): RunScores {
    const { plan, run, musterVersion, endedUnixMs } = this.#finished;
    const context: ResultsContext = {
      header: plan.header,
      end: plan.end,
      model: run.model,
      musterVersion,
      startedUnixMs: run.createdUnixMs,
      endedUnixMs,
      taskHashes: new Map(this.#outcomes.map(({ row, taskHash }) => [row.name, taskHash])),
    };
    const rows = this.#outcomes.map(({ row }) => row);
    const resultsJson = formatResults(rows, context);
    const scoresDigest = createHash("sha256").update(formatScores(rows, context)).digest("hex");
    this.#folder.create(`results_${this.#stamp}.json`).writeText(resultsJson);
    const manifest = this.#folder.create("manifest.json");
    const files = this.#folder.describe(manifest);
    const scores = manifestScores(resultsJson);
    const facts = { ...this.#manifest(coverage, scoresDigest), scores, files };
    manifest.writeText(`${JSON.stringify(facts, null, 2)}\n`);
    this.#folder.commit();
    return { resultsJson, scoresDigest };
  }

  #manifest(coverage: CoverageCertificate, scoresDigest: string): Omit<RunManifest, "files" | "scores"> {
    const { runId, run, plan, planDigest, agents, leases, totals, musterVersion, endedUnixMs } = this.#finished;
    const { suite, model, submittedBy, createdUnixMs } = run;
    const { profile, otherVersions, seeds, limit, numFewshot, bootstrapIterations } = plan.header;
    return {
      format: "muster-manifest/1",
      musterVersion,
      profile,
      ...(otherVersions === undefined ? {} : { otherVersions }),
      run: { runId, suite, model, submittedBy, createdUnixMs, endedUnixMs },
      planDigest,
      scoresDigest,
      datasets: plan.end.datasets,
      tasks: plan.header.tasks.map((task) => ({ task: task.name, version: task.version, digest: digestTask(task) })),
      responses: this.#answers.finish(),
      options: plan.options,
      seeds,
      limit,
      numFewshot,
      bootstrapIterations,
      agents: agents.map(({ agent, responses, slotSeconds, leases: leaseCount }) => ({
        agentId: agent.agentId,
        hostName: agent.hostName,
        musterVersion: agent.musterVersion,
        pricePerSlotHour: agent.pricePerSlotHour,
        engines: agent.slots.map(({ slotId, description }) => ({ slotId, ...description })),
        responses,
        slotSeconds,
        leases: leaseCount,
      })),
      leases,
      totals,
      truncated: { requests: this.#truncatedCount, firstIndexes: this.#truncated },
      setAside: this.#setAside,
      coverage,
    };
  }
}

/** The time in the names of the harness's files: local, ISO 8601 with dashes for colons, microseconds unless they are 0. */
function fileStamp(unixMs: number): string {
  const local = new Date(unixMs - new Date(unixMs).getTimezoneOffset() * 60_000);
  const [seconds, fraction] = local.toISOString().replaceAll(":", "-").replace("Z", "").split(".");
  return fraction === "000" ? seconds! : `${seconds}.${fraction}000`;
}
