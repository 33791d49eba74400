// A coordinator's data folder with runs in it, made without processes: the decisions are those of the real core, and
// what they leave on the disk goes through the real loop, journals, blobs and archive. One agent makes one slot.
import { toBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { SYSTEM_CLOCK } from "../../base/node/system-clock.ts";
import { BatchMaker, readSpooledBatch } from "../../agent/shell/batch-maker.ts";
import { FolderRunFiles } from "../../coordinator/adapters/folder-run-files.ts";
import type { AgentAnnouncement } from "../../coordinator/core/input.ts";
import { DEFAULT_CORE_SETTINGS, emptyState, type Lease, type RunState } from "../../coordinator/core/state.ts";
import { readBatch, readBatchRows } from "../../coordinator/shell/agent-messages.ts";
import { CoordinatorLoop } from "../../coordinator/shell/coordinator-loop.ts";
import { FullDisk } from "../../coordinator/shell/full-disk.ts";
import { FrameWriter } from "../../coordinator/shell/frame-writer.ts";
import { digestPlan, type PlanManifest, PlanStore } from "../../coordinator/shell/plan-store.ts";
import { RunArchive } from "../../coordinator/shell/run-archive.ts";
import { viewRun } from "../../coordinator/shell/run-view.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import { anAgent, anEngine } from "../../test/support/core-builders.ts";
import type { OpenStores } from "./places.ts";

/** The model of the stored runs. Agents that a benchmark starts hold another, so that they get no new work of them. */
const MODEL = "bench";
const SLOT = "slot-0";
/** So fast that each grant is as large as grants become. */
const SPEED = 1e9;

/** What to store of one run. */
export interface StoredRunWish {
  readonly runId: string;
  readonly requests: number;
}

/** A batch as an agent's spool takes it. */
export interface MadeBatch {
  readonly batchNumber: number;
  readonly bytes: Uint8Array;
}

/** A data folder that is being made. */
export class StoredCluster {
  readonly #stores: OpenStores;
  readonly #writer: FrameWriter;
  readonly #archive: RunArchive;
  readonly #loop: CoordinatorLoop;
  readonly #agents: AgentAnnouncement[] = [];
  readonly #batchNumbers = new Map<string, number>();

  /** Views of ended runs go to the data folder. */
  constructor(stores: OpenStores, dataFolder: string) {
    this.#stores = stores;
    this.#writer = new FrameWriter({
      store: stores.journals,
      lengths: new Map(),
      fullDisk: new FullDisk(SYSTEM_CLOCK, (message) => {
        throw new Error(`no room for the benchmark's data: ${message}`);
      }),
    });
    this.#archive = new RunArchive({
      files: new FolderRunFiles(dataFolder),
      journals: stores.journals,
      scoreRun: () => Promise.reject(new Error("nothing is scored here")),
    });
    this.#loop = new CoordinatorLoop(emptyState(DEFAULT_CORE_SETTINGS), {
      writer: this.#writer,
      // Time stands still: no lease runs out while the folder is made.
      nowMs: () => 0,
      perform: () => undefined,
      onDurable: () => undefined,
      onAppended: () => undefined,
      onFatal: (error) => pino(pino.destination(2)).fatal({ error: error.message }, "cannot make the data folder"),
    });
  }

  /** Begins an epoch with agents of these names, which are their identities too. */
  async begin(agentNames: readonly string[]): Promise<void> {
    await this.#loop.begin(1, []);
    for (const name of agentNames) {
      const engine = anEngine({ model: MODEL, concurrency: 256 });
      const agent = { ...anAgent(name), slots: [{ slotId: SLOT, description: engine }] };
      this.#agents.push(agent);
      this.#loop.take({ kind: "AgentArrived", agent, heldLeaseIds: [] });
    }
    await this.#loop.settled();
  }

  /** Accepts a run and leases all of it to the agents in turn; its leases. */
  async addRun({ runId, requests }: StoredRunWish): Promise<readonly Lease[]> {
    const plan = planOf(requests);
    const column = (value: number): Uint32Array => new Uint32Array(requests).fill(value);
    const shape = {
      planDigest: digestPlan(plan),
      manifestBlob: await new PlanStore(this.#stores.blobs).saveManifest(plan),
      requestCount: requests,
      sampleCount: requests,
      sampleRequestCount: column(1),
      sampleCostTokens: column(100),
      sampleTask: column(0),
      taskKinds: ["loglikelihood" as const],
      taskNames: ["bench"],
    };
    const run = { runId, suite: "bench", model: MODEL, seed: 0, submittedBy: "bench", createdUnixMs: 0 };
    this.#loop.take({ kind: "RunArrived", run, shape });
    const { leaseList } = this.run(runId);
    for (let before = -1; leaseList.length > before;) {
      before = leaseList.length;
      for (const { agentId } of this.#agents) {
        const speeds = { tokensPerSecond: SPEED, sampleTokensPerSecond: SPEED };
        this.#loop.take({ kind: "WorkWanted", agentId, slotId: SLOT, ...speeds, queuedSamples: 0 });
      }
      await this.#loop.settled();
    }
    return leaseList;
  }

  run(runId: string): RunState {
    const run = this.#loop.state.runs.get(runId);
    if (run === undefined) throw new Error(`no run ${runId}`);
    return run;
  }

  /** The batches of an agent that answers these requests of a lease: wire messages with consecutive numbers. */
  makeBatches(
    lease: Lease,
    requests: Uint32Array,
    rowsPerBatch: number,
    answer: (request: number) => EvaluationResponse,
  ): readonly MadeBatch[] {
    const { agentId, leaseId, slotId } = lease;
    const runId = leaseId.slice(0, leaseId.indexOf("."));
    const batches: MadeBatch[] = [];
    for (let from = 0; from < requests.length; from += rowsPerBatch) {
      const indexes = [...requests.subarray(from, from + rowsPerBatch)];
      const batchNumber = (this.#batchNumbers.get(agentId) ?? 0) + 1;
      this.#batchNumbers.set(agentId, batchNumber);
      const maker = new BatchMaker();
      maker.add(leaseId, indexes, indexes.map(answer));
      batches.push({ batchNumber, bytes: maker.take({ batchNumber, runId, leaseId, slotId, slotSeconds: 0.1 }) });
    }
    return batches;
  }

  /** Takes batches of a lease as if their agent had sent them, each in a frame of its own. */
  async accept(lease: Lease, batches: readonly MadeBatch[]): Promise<void> {
    const messages = batches.map(({ batchNumber, bytes }) => readSpooledBatch(batchNumber, bytes));
    const digests = await Promise.all(
      messages.map(({ responses }) => this.#stores.blobs.put(toBinary(ResponseColumnsSchema, responses!))),
    );
    for (const [position, message] of messages.entries()) {
      const batch = readBatch(message, readBatchRows(message), lease.agentId, digests[position]!);
      this.#loop.take({ kind: "ResponsesArrived", batch });
      await this.#loop.settled();
    }
  }

  /** Ends a run of which everything was answered, and archives it. */
  async end(runId: string): Promise<void> {
    const outcome = { kind: "scored" as const, scoresDigest: "" };
    this.#loop.take({ kind: "ScoresArrived", runId, outcome });
    await this.#loop.settled();
    const context = { nowUnixMs: 0, scores: [], waitingReason: "", resultsJson: new Uint8Array() };
    await this.#archive.save(viewRun(this.run(runId), context));
    this.#loop.take({ kind: "RunArchived", runId });
    await this.#writer.closeRun(runId);
  }

  async close(): Promise<void> {
    await this.#loop.settled();
    this.#loop.stop();
    await this.#stores.close();
  }
}

/** A plan without packs: nothing of it is sent, and whoever made it scores it. */
function planOf(requests: number): PlanManifest {
  return {
    header: {
      profile: "bench",
      tasks: [],
      groups: [],
      generations: [],
      seeds: { python: 0, numpy: 0, torch: 0, fewshot: 0 },
      limit: null,
      numFewshot: null,
      bootstrapIterations: 0,
      generationOverrides: null,
      responsesOnly: true,
    },
    packs: [],
    end: { requestCount: requests, sampleCount: requests, datasets: [], taskCounts: [] },
    options: {},
  };
}
