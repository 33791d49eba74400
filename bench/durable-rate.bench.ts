// How fast answers become safe. Eight agents begin with spools full of answers to requests that were leased to them, as
// after a long absence of the coordinator; the clock runs from the first welcome until the last spool is empty, which a
// batch leaves only after its acknowledgement. In between lies all that a result passes: it is read from the agent's
// disk, travels over gRPC on loopback, is checked, becomes a durable blob and an event in a durable frame (SQLite, FULL; or three NATS servers, `sync_interval: always`).
// Then the coordinator is killed, and every answer must be found in its journal and its blobs. Prompts, engines and
// scores are not in it. Writing the spools is measured before that, for one agent, a commit for each batch.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { SqliteSpool } from "../agent/adapters/spool/sqlite-spool.ts";
import { DEFAULT_CORE_SETTINGS } from "../agent/core/state.ts";
import type { EvaluationResponse } from "../evaluation/response.ts";
import { MusterProcesses } from "../test/support/muster-processes.ts";
import { NatsServer, natsServerProgram } from "../test/support/nats-server.ts";
import type { Benchmark, Gate } from "./benchmark.ts";
import { numberAnswer, textAnswer } from "./durability/answers.ts";
import { countDurable } from "./durability/count-durable.ts";
import { folderPlace, natsPlace } from "./durability/places.ts";
import { StoredCluster } from "./durability/stored-cluster.ts";

const AGENTS = Array.from({ length: 8 }, (_, agent) => `bench-${agent}`);
/** With the coordinator and this one: four. */
const AGENT_PROCESSES = 2;
const ROUNDS = 3;
const POLL_MS = 10;
const RUN_ID = "bench";

interface Rows {
  readonly name: string;
  readonly count: number;
  /** As many as an agent puts into one batch. */
  readonly perBatch: number;
  readonly answer: (request: number) => EvaluationResponse;
  readonly atLeast: number;
  /** Starts what keeps it beside the coordinator, if anything. */
  readonly startServers: () => Promise<readonly NatsServer[]>;
}

const durableRate: Benchmark = {
  title: "answers from agents' spools over gRPC into blobs and journal, acknowledged",
  async run({ tiny }) {
    const { batchOutcomesMax, batchBytesMax } = DEFAULT_CORE_SETTINGS;
    const numbers: Rows = {
      name: "log-probabilities",
      count: tiny ? 4_000 : 1_000_000,
      perBatch: batchOutcomesMax,
      answer: numberAnswer,
      atLeast: 50_000,
      startServers: async () => [],
    };
    const texts: Rows = {
      name: "texts of 400 bytes",
      count: tiny ? 2_000 : 200_000,
      perBatch: Math.floor(batchBytesMax / 440),
      answer: textAnswer,
      // Nobody was promised a rate of texts: below this something is broken.
      atLeast: 10_000,
      startServers: async () => [],
    };
    const rows = [texts, numbers];
    const program = await natsServerProgram();
    if (program !== null) {
      const startServers = (): Promise<readonly NatsServer[]> => NatsServer.startCluster(program);
      rows.push({ ...numbers, name: "log-probabilities on three NATS servers", atLeast: 20_000, startServers });
    }
    const gates: Gate[] = [];
    for (const row of rows) gates.push(...(await measureRounds(row, tiny ? 1 : ROUNDS)));
    return gates;
  },
};
export default durableRate;

interface Measured {
  readonly spoolSeconds: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly batches: number;
  readonly frames: number;
  readonly lagSeconds: number;
}

async function measureRounds(rows: Rows, rounds: number): Promise<readonly Gate[]> {
  const measured: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    const result = await measure(rows);
    measured.push(result);
    const { seconds, cpuSeconds, batches, frames, lagSeconds } = result;
    const rate = (rows.count / seconds).toFixed(0);
    const cpu = ((1e6 * cpuSeconds) / rows.count).toFixed(1);
    console.log(
      `  ${rows.name}: ${rows.count} in ${seconds.toFixed(2)} s, ${rate}/s; ${batches} batches in ${frames} frames; ` +
        `coordinator ${cpu} µs of processor time each, event-loop lag p99 ${(1000 * lagSeconds).toFixed(0)} ms`,
    );
  }
  const median = (of: (result: Measured) => number): number => measured.map(of).toSorted((a, b) => a - b)[rounds >> 1]!;
  return [
    {
      name: `${rows.name} written to one spool, a commit a batch`,
      value: rows.count / median((result) => result.spoolSeconds),
      unit: "results/s",
      atLeast: rows.atLeast,
    },
    {
      name: `${rows.name}, durable and acknowledged`,
      value: rows.count / median((result) => result.seconds),
      unit: "results/s",
      atLeast: rows.atLeast,
    },
  ];
}

/** One round on processes and folders of its own. */
async function measure(rows: Rows): Promise<Measured> {
  const muster = new MusterProcesses();
  const servers = await rows.startServers();
  try {
    const dataFolder = join(muster.home, "coordinator");
    const place = servers.length === 0 ? folderPlace(dataFolder) : natsPlace(servers, dataFolder);
    const cluster = new StoredCluster(await place.open(), dataFolder);
    const { spoolSeconds, batches } = await fillSpools(muster, cluster, rows);
    await muster.startCoordinator(place.coordinatorWords);
    const cpuBefore = muster.coordinatorCpuSeconds();
    const seconds = await drain(muster);
    const cpuSeconds = muster.coordinatorCpuSeconds() - cpuBefore;
    const lagSeconds = await muster.metric("muster_event_loop_lag_p99_seconds");
    const frames = await muster.metric("muster_journal_append_seconds_count");
    await muster.killCoordinator();
    const durable = await countDurable(place, RUN_ID);
    if (durable !== rows.count) throw new Error(`${durable} of ${rows.count} answers are durable`);
    return { spoolSeconds, seconds, cpuSeconds, batches, frames, lagSeconds };
  } finally {
    await muster.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Leases a run to the agents and puts their answers into their spools; one request stays open, so the run goes on. */
async function fillSpools(
  muster: MusterProcesses,
  cluster: StoredCluster,
  { count, perBatch, answer }: Rows,
): Promise<{ readonly spoolSeconds: number; readonly batches: number }> {
  await cluster.begin(AGENTS);
  const leases = await cluster.addRun({ runId: RUN_ID, requests: count + 1 });
  const spools = new Map(AGENTS.map((name) => [name, openSpool(spoolFolder(muster, name), name)]));
  let [spoolMs, batches] = [0, 0];
  for (const lease of leases) {
    const requests = lease.samples.filter((request) => request < count);
    const answers = new Map(Array.from(requests, (request) => [request, answer(request)]));
    const beganMs = performance.now();
    for (const batch of cluster.makeBatches(lease, requests, perBatch, (request) => answers.get(request)!)) {
      spools.get(lease.agentId)!.put([batch]);
      batches += 1;
    }
    spoolMs += performance.now() - beganMs;
  }
  for (const spool of spools.values()) spool.close();
  await cluster.close();
  return { spoolSeconds: spoolMs / 1000, batches };
}

function spoolFolder(muster: MusterProcesses, name: string): string {
  return join(muster.home, "state", "muster", "agents", name);
}

function openSpool(folder: string, name: string): SqliteSpool {
  mkdirSync(folder, { recursive: true });
  return new SqliteSpool(folder, name);
}

/** Starts the agents; seconds from the first one's welcome until every spool is empty. */
async function drain(muster: MusterProcesses): Promise<number> {
  let beganMs = Number.NaN;
  const onReady = (): void => {
    if (Number.isNaN(beganMs)) beganMs = performance.now();
  };
  const groups = Array.from({ length: AGENT_PROCESSES }, (_, process) =>
    AGENTS.filter((_name, agent) => agent % AGENT_PROCESSES === process),
  );
  await Promise.all(groups.map((names) => muster.startAgentsTogether(names, { onReady })));
  for (const name of AGENTS) {
    const spool = new DatabaseSync(join(spoolFolder(muster, name), "spool.sqlite"), { readOnly: true });
    const first = spool.prepare("SELECT number FROM batch LIMIT 1");
    while (first.get() !== undefined) await sleep(POLL_MS);
    spool.close();
  }
  return (performance.now() - beganMs) / 1000;
}
