// How long nobody is given work when the coordinator that leads is lost. Two coordinators share three NATS servers
// (`sync_interval: always`), all on this machine; agents with simulated engines are busy with one long run. A round
// kills the leader's process, or with it the NATS server that leads the run's journal, as when one host dies; the clock
// runs from the kill until the other coordinator has granted its first lease. What was killed is started again. Idle is
// what each slot's own account of its busy time lacks to the time that passed, over all rounds.
import { setTimeout as sleep } from "node:timers/promises";
import { CoordinatorClient } from "../cli/coordinator-client.ts";
import { CoordinatorCluster } from "../test/support/coordinator-cluster.ts";
import { madeRunWords, placeMadeTasks } from "../test/support/made-run.ts";
import { type NatsServer, natsServerProgram } from "../test/support/nats-server.ts";
import { streamLeader } from "../test/support/nats-stores.ts";
import type { Benchmark, Gate } from "./benchmark.ts";

/** So many that somebody always asks for work: each has some seconds of it queued. */
const AGENTS = Array.from({ length: 64 }, (_, agent) => `bench-${agent}`);
const ENGINE = { engine: "simulated", concurrency: 4, simulation: { latencyMs: 4_000 } } as const;
const ROUNDS = 20;
/** Between two rounds: so long that all is as it was, and slots have queued what they usually do. */
const REST_MS = 6_000;
const POLL_MS = 10;
const GRANTED = "muster_leases_granted_total";
/** More than is computed in all rounds. */
const SAMPLES = 100_000;

const failover: Benchmark = {
  title: "a leader is lost: until work is granted again, and what slots idle meanwhile",
  async run({ tiny }) {
    const program = await natsServerProgram();
    if (program === null) return [];
    const cluster = await CoordinatorCluster.start(program, 3, 2);
    try {
      return await measureAll(cluster, tiny ? 1 : ROUNDS);
    } finally {
      await cluster.stop();
    }
  },
};
export default failover;

async function measureAll(cluster: CoordinatorCluster, rounds: number): Promise<readonly Gate[]> {
  const { muster } = cluster;
  placeMadeTasks(muster, { seed: 1, choiceDocuments: 8, writtenDocuments: SAMPLES });
  await muster.startAgentsTogether(AGENTS, { coordinator: cluster.addresses, engine: ENGINE });
  const run = muster.begin(madeRunWords(muster, cluster.addresses));
  const client = new CoordinatorClient(cluster.addresses);
  try {
    const ended = run.ended.then(({ stderr }) => Promise.reject(new Error(`the run ended too soon:\n${stderr}`)));
    ended.catch(() => undefined);
    await Promise.race([allBusy(client), ended]);
    await sleep(REST_MS);
    const before = await busySeconds(client);
    const alone = await measure(cluster, rounds, "its coordinator killed", async () => null);
    const together = await measure(cluster, rounds, "the host of both leaders lost", () =>
      streamLeader(cluster.servers, "muster_journal_run-"),
    );
    const idle = idleSeconds(before, await busySeconds(client));
    if (run.child.exitCode !== null) throw new Error(`the run ended before the rounds:\n${(await run.ended).stderr}`);
    return [
      {
        name: "coordinator killed, work granted again, slowest round",
        value: Math.max(...alone),
        unit: "s",
        atMost: 5,
      },
      { name: "host with both leaders lost, slowest round", value: Math.max(...together), unit: "s", atMost: 15 },
      // What a slot's account may be wrong by: a sample starts when the one before it has ended.
      { name: "share of the time that slots were idle in all rounds", value: idle, unit: "of 1", atMost: 0.0001 },
    ];
  } finally {
    run.child.kill("SIGKILL");
    client.close();
  }
}

/** Seconds of each round. `alsoKilled`: a server that dies with the leader. */
async function measure(
  cluster: CoordinatorCluster,
  rounds: number,
  name: string,
  alsoKilled: () => Promise<NatsServer | null>,
): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await alsoKilled();
    const leader = await cluster.leader();
    const beganMs = performance.now();
    await Promise.all([cluster.kill(leader), server?.kill()]);
    const next = 1 - leader;
    while (!((await cluster.metric(next, GRANTED)) > 0)) await sleep(POLL_MS);
    seconds.push((performance.now() - beganMs) / 1000);
    await Promise.all([cluster.restart(leader), server?.restart()]);
    await sleep(REST_MS);
  }
  console.log(`  ${name}: ${seconds.map((value) => value.toFixed(1)).join(", ")} s`);
  return seconds;
}

interface Busy {
  readonly atMs: number;
  readonly busySeconds: number;
}

/** Each slot's busy time, and when it told it. */
async function busySeconds(client: CoordinatorClient): Promise<ReadonlyMap<string, Busy>> {
  const agents = await client.listAgents();
  return new Map(
    agents.map((agent) => {
      const busy = agent.slots.reduce((sum, slot) => sum + slot.busySeconds, 0);
      return [agent.hostName, { atMs: Number(agent.lastSeenUnixMs), busySeconds: busy }];
    }),
  );
}

async function allBusy(client: CoordinatorClient): Promise<void> {
  for (;;) {
    const agents = await client.listAgents();
    const busy = agents.filter(({ slots }) => slots.every(({ runningSamples }) => runningSamples > 0));
    if (busy.length === AGENTS.length) return;
    await sleep(POLL_MS);
  }
}

/** The share of the time between two accounts that slots were not busy. */
function idleSeconds(before: ReadonlyMap<string, Busy>, after: ReadonlyMap<string, Busy>): number {
  let [wall, busy] = [0, 0];
  for (const [name, then] of before) {
    const now = after.get(name);
    if (now === undefined) throw new Error(`agent ${name} is gone`);
    wall += (now.atMs - then.atMs) / 1000;
    busy += now.busySeconds - then.busySeconds;
  }
  console.log(`  slots: ${wall.toFixed(0)} s in all, busy ${busy.toFixed(0)} s`);
  return (wall - busy) / wall;
}
