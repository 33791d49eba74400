// Coordinators as real processes that share a real NATS server.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CoordinatorCluster } from "../support/coordinator-cluster.ts";
import { madeRunWords, placeMadeTasks, undisturbedRun } from "../support/made-run.ts";
import { natsServerProgram } from "../support/nats-server.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";

const WISH = { seed: 11, choiceDocuments: 150, writtenDocuments: 150 };
const SAMPLES = WISH.choiceDocuments + WISH.writtenDocuments;
const AGENT = ["--engine", "simulated", "--model", "hash", "--concurrency", "8", "--simulation", "latencyMs=400"];
const DONE = "muster_run_samples_done";
const program = await natsServerProgram();

describe.skipIf(program === null)("several coordinators", () => {
  let undisturbed: RunOutput;
  const open: CoordinatorCluster[] = [];
  beforeAll(async () => {
    undisturbed = await undisturbedRun(WISH);
  });
  afterAll(async () => {
    for (const cluster of open) await cluster.stop();
  });

  async function newCluster(agent = AGENT): Promise<CoordinatorCluster> {
    const cluster = await CoordinatorCluster.start(program!, 1, 2);
    open.push(cluster);
    placeMadeTasks(cluster.muster, WISH);
    await cluster.muster.start(["agent", "--coordinator", cluster.addresses, "--name", "a0", ...agent]);
    return cluster;
  }

  /** Resolves to the leader's position when a share of the samples is durable. */
  async function reach(cluster: CoordinatorCluster, share: number): Promise<number> {
    let leader = -1;
    const samples = async (): Promise<number> => {
      leader = await cluster.leader();
      return cluster.metric(leader, DONE);
    };
    await expect.poll(samples, { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(share * SAMPLES);
    return leader;
  }

  test("leaders that are killed or stand still in mid-run change nothing, and nobody need do anything", async () => {
    const cluster = await newCluster();
    const { muster } = cluster;
    const run = muster.begin(madeRunWords(muster, cluster.addresses));
    const first = await reach(cluster, 0.2);
    await cluster.kill(first);
    const second = await reach(cluster, 0.4);
    expect(second).not.toBe(first);
    await cluster.restart(first);
    const frozen = cluster.members[second]!.ready.child;
    frozen.kill("SIGSTOP");
    expect(await reach(cluster, 0.7)).toBe(first);
    frozen.kill("SIGCONT");
    const { code, stderr } = await run.ended;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(readRunOutput(join(muster.home, "out"))).toEqual(undisturbed);
    // The one that stood still has noticed, stands by, and has all frames.
    const roles = async (): Promise<unknown> => {
      const { members } = await cluster.status();
      return Object.fromEntries(
        members.map(({ name, role, epoch, framesBehind }) => [name, `${role} ${epoch} ${framesBehind}`]),
      );
    };
    const expected = { [`c${first}`]: "leader 3 0", [`c${second}`]: "standby 3 0" };
    await expect.poll(roles, { timeout: 30_000 }).toEqual(expected);
  });

  test("a run's files are the same from whichever coordinator leads later, and can be verified there", async () => {
    const cluster = await newCluster(["--engine", "hash", "--model", "hash"]);
    const { muster } = cluster;
    await muster.output(madeRunWords(muster, cluster.addresses));
    const first = await cluster.leader();
    await cluster.kill(first);
    const second = await cluster.leader();
    expect(second).not.toBe(first);
    // A standby's address is enough to find who leads.
    await cluster.restart(first);
    const place = ["--coordinator", cluster.members[first]!.address];
    const [run] = JSON.parse(await muster.output(["runs", "--json", ...place])) as { runId: string; state: string }[];
    expect(run?.state).toBe("done");
    await muster.output(["runs", "export", run!.runId, "--output", join(muster.home, "again"), ...place]);
    expect(readRunOutput(join(muster.home, "again"))).toEqual(undisturbed);
    expect(await muster.output(["verify", run!.runId, ...place])).toMatch(/same bits/);
  });

  test("a plan whose coordinator dies while it is sent is sent to the next one", async () => {
    const cluster = await newCluster(["--engine", "hash", "--model", "hash"]);
    const { muster } = cluster;
    const large = { seed: 3, choiceDocuments: 8, writtenDocuments: 20_000 };
    placeMadeTasks(muster, large);
    const run = muster.begin(madeRunWords(muster, cluster.addresses));
    const leader = await cluster.leader();
    const blobs = join(cluster.dataFolder(leader), "blobs");
    const packs = (): number => (existsSync(blobs) ? readdirSync(blobs).length : 0);
    await expect.poll(packs, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    await cluster.kill(leader);
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/is made and sent again/) });
    const { samplesDone } = (JSON.parse(stdout) as { run: { samplesDone: string } }).run;
    expect(samplesDone).toBe(String(large.choiceDocuments + large.writtenDocuments));
  });

  test("servers that lost what they had acknowledged are noticed, and the copy brings it back", async () => {
    const cluster = await CoordinatorCluster.start(program!, 1, 1);
    open.push(cluster);
    const [server] = cluster.servers;
    const { muster } = cluster;
    placeMadeTasks(muster, WISH);
    await server!.saveFiles();
    await cluster.leader();
    await muster.start([
      "agent",
      "--coordinator",
      cluster.addresses,
      "--name",
      "a0",
      "--engine",
      "hash",
      "--model",
      "hash",
    ]);
    await muster.output(madeRunWords(muster, cluster.addresses));
    const ended = new Promise<number | null>((resolve) => cluster.members[0]!.ready.child.once("exit", resolve));
    await server!.bringBackFiles();
    expect(await ended).toBe(2);
    const { words } = cluster.members[0]!.ready;
    const refused = await muster.run(words);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/lost what was acknowledged/) });
    expect(refused.stderr).toContain("muster journal repair");
    const folder = ["--data-dir", cluster.dataFolder(0)];
    for (const name of readdirSync(join(cluster.dataFolder(0), "mirror"))) {
      if (!name.endsWith(".sqlite")) continue;
      const journal = name.slice(0, -".sqlite".length);
      const copy = join(muster.home, `${journal}.journal`);
      await muster.output(["journal", "export", journal, ...folder, "--output", copy]);
      await muster.output(["journal", "repair", journal, "--from", copy, ...cluster.natsWords]);
    }
    await cluster.restart(0);
    await cluster.leader();
    const [run] = JSON.parse(await muster.output(["runs", "--json", "--coordinator", cluster.addresses])) as {
      state: string;
    }[];
    expect(run?.state).toBe("done");
  });
});
