// The process beside the harness, told what the Python package would tell it: real coordinator, real agents, no Python.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hashGenerate, hashLogprob, hashRolling } from "../../agent/adapters/engines/hash/hash-model.ts";
import { MusterProcesses, type Ready } from "../support/muster-processes.ts";
import { SmallServer } from "../support/small-server.ts";

const muster = new MusterProcesses();
let agent: Ready;

interface Answer {
  readonly request?: number;
  readonly text?: string;
  readonly logprob?: number;
  readonly is_greedy?: boolean;
  readonly ready?: true;
  readonly done?: true;
  readonly resume?: string;
  readonly error?: { readonly kind: string; readonly message: string; readonly wayOut: string };
}

const SIMULATED = ["--engine", "simulated", "--model", "hash", "--simulation"];
/** A third of the requests fails whatever is tried. */
const BROKEN = [...SIMULATED, "latencyMs=0,brokenShare=0.33"];

beforeAll(async () => {
  await muster.startCoordinator();
  agent = await muster.startAgent("whole", ["--engine", "hash", "--model", "hash"]);
});
afterAll(() => muster.stop());

async function ask(lines: readonly unknown[], more: readonly string[] = []): Promise<Answer[]> {
  const words = ["bridge", "requests", "--coordinator", muster.grpcAddress, ...more];
  const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  const calls = lines.filter((line) => line instanceof Object && "call" in line).length;
  const isEnough = (output: string): boolean =>
    output.split('"done"').length > calls || output.includes('"error"') || isBrokenOff(lines);
  const { stdout } = await muster.runWithInput(words, texts, isEnough);
  const [first, ...rest] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
  expect(first).toEqual({ ready: true });
  return rest;
}

/** Whether samples are missing, so that the process waits for more until its input ends. */
function isBrokenOff(lines: readonly unknown[]): boolean {
  const wanted = lines.reduce<number>((sum, line) => sum + ((line as { samples?: number }).samples ?? 0), 0);
  return lines.filter((line) => line instanceof Object && "task" in line).length < wanted;
}

function call(kind: string, samples: readonly (readonly (readonly [string | null, string])[])[]): unknown[] {
  const requests = samples.reduce((sum, sample) => sum + sample.length, 0);
  const lines = samples.map((sample, doc) => ({ task: "made", doc, requests: sample }));
  return [{ call: kind, samples: samples.length, requests }, ...lines];
}

interface ListedRun {
  readonly runId: string;
  readonly state: string;
  readonly requestCount: string;
  readonly requestsDone: string;
}

async function listRuns(): Promise<readonly ListedRun[]> {
  return JSON.parse(await muster.output(["runs", "--json", "--coordinator", muster.grpcAddress])) as never;
}

test("all three kinds of calls come back with every bit and every character", async () => {
  const texts = Array.from({ length: 40 }, (_, number) => `№ ${number}: naïve \u{1f600} \u2028 "\\" \u0000 日本\n`);
  const settings = { until: ["\n\n", "answer"], max_gen_toks: 5, temperature: 1.0, top_p: 0.9 };
  const answers = await ask([
    ...call(
      "loglikelihood",
      texts.map((text) => [
        [text, " yes"],
        [null, ` no ${text}`],
      ]),
    ),
    ...call(
      "loglikelihood_rolling",
      texts.map((text) => [[text, ""]]),
    ),
    ...call(
      "generate_until",
      texts.map((text) => [[text, JSON.stringify(settings)]]),
    ),
  ]);
  const logprobs = texts.flatMap((text) => [hashLogprob(text, " yes"), hashLogprob(text, ` no ${text}`)]);
  const done = { done: true };
  expect(answers).toEqual([
    ...logprobs.map(({ logprob, isGreedy }, request) => ({ request, logprob, is_greedy: isGreedy })),
    done,
    ...texts.map((text, request) => ({ request, logprob: hashRolling(text), is_greedy: false })),
    done,
    ...texts.map((text, request) => ({ request, text: hashGenerate(text, settings.until, 5) })),
    done,
  ]);
});

test("the same call is found again, and computed anew where that is wished", async () => {
  const lines = call("loglikelihood", [[["found", " again"]]]);
  const before = (await listRuns()).length;
  const first = await ask(lines);
  expect(await ask(lines)).toEqual(first);
  expect(await listRuns()).toHaveLength(before + 1);
  expect(await ask(lines, ["--no-cache"])).toEqual(first);
  expect(await listRuns()).toHaveLength(before + 2);
});

test("requests without an answer are named, and they alone are tried again", async () => {
  const samples = Array.from({ length: 30 }, (_, doc) => [[`broken ${doc}`, " x"] as const, [null, " y"] as const]);
  const lines = call("loglikelihood", samples);
  await muster.kill(agent);
  const broken = await muster.startAgent("broken", BROKEN);
  const partial = await ask(lines);
  const answered = partial.filter(({ request }) => request !== undefined);
  const { error } = partial.at(-1)!;
  const missing = 30 - answered.length / 2;
  expect(missing).toBeGreaterThan(0);
  expect(error).toMatchObject({ kind: "partial", wayOut: expect.stringContaining("these again") as string });
  expect(error!.message).toMatch(new RegExp(`^${missing} documents of run bridge-\\S+ got no answer: .*fail always`));
  await muster.kill(broken);
  const repaired = await muster.startAgent("broken", [...SIMULATED, "latencyMs=0"]);
  const whole = await ask(lines);
  await muster.kill(repaired);
  agent = await muster.start(agent.words);
  expect(whole.at(-1)).toEqual({ done: true });
  expect(new Set(whole.slice(0, -1).map(({ request }) => request))).toEqual(new Set(Array(60).keys()));
  for (const { request, logprob } of whole.slice(0, -1)) {
    const expected = hashLogprob(`broken ${request! >> 1}`, request! % 2 === 0 ? " x" : " y").logprob;
    expect(logprob).toBe(expected);
  }
  const [newest] = await listRuns();
  expect(newest).toMatchObject({ state: "done", requestCount: String(missing * 2) });
});

test("another engine's answers are none of this one's, although their weights have one digest", async () => {
  const lines = call("loglikelihood", [[["same weights", " other engine"]]]);
  const first = await ask(lines);
  await muster.kill(agent);
  const other = await muster.startAgent("other", [...SIMULATED, "latencyMs=0"]);
  const before = (await listRuns()).length;
  expect(await ask(lines)).toEqual(first);
  expect(await listRuns()).toHaveLength(before + 1);
  await muster.kill(other);
  agent = await muster.start(agent.words);
});

test("a server that tells no digest of its weights is asked again, unless somebody names the command", async () => {
  const server = await SmallServer.start();
  const attached = await muster.startAgent("attached", ["--engine-url", server.url]);
  try {
    const lines = call("loglikelihood", [[["one two three one two", " three"]]]);
    const model = ["--model", "small"];
    const [told, ...answers] = await ask(lines, model);
    expect(told).toEqual({ resume: expect.stringMatching(/^[0-9a-f]{12}$/) as string });
    const before = (await listRuns()).length;
    const [otherwise, ...again] = await ask(lines, model);
    expect(again).toEqual(answers);
    expect(otherwise!.resume).not.toBe(told!.resume);
    expect(await listRuns()).toHaveLength(before + 1);
    // No word is told where one was given: it is the same one.
    expect(await ask(lines, [...model, "--resume", told!.resume!])).toEqual(answers);
    expect(await listRuns()).toHaveLength(before + 1);
  } finally {
    await muster.kill(attached);
    await server.stop();
  }
});

test("what is killed in the middle of a call leaves its answers and nothing else behind", async () => {
  await muster.kill(agent);
  const slow = await muster.startAgent("slow", [...SIMULATED, "latencyMs=100", "--concurrency", "2"]);
  const known = new Set((await listRuns()).map(({ runId }) => runId));
  const folder = join(muster.home, "temporary");
  mkdirSync(folder);
  const samples = Array.from({ length: 40 }, (_, doc) => [[`killed ${doc}`, " x"] as const]);
  const lines = call("loglikelihood", samples);
  const words = ["bridge", "requests", "--coordinator", muster.grpcAddress];
  const { child, ended } = muster.begin(words, { TMPDIR: folder }, "pipe");
  child.stdin!.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const begun = await vi.waitUntil(
    async () => (await listRuns()).find(({ runId, requestsDone }) => !known.has(runId) && Number(requestsDone) > 0),
    { timeout: 60_000, interval: 100 },
  );
  child.kill("SIGKILL");
  await ended;
  expect(begun.state).toBe("running");
  expect(readdirSync(folder).filter((name) => name.startsWith("muster-bridge"))).toEqual([]);
  const answers = await ask(lines);
  expect(answers.at(-1)).toEqual({ done: true });
  expect(answers).toHaveLength(41);
  expect((await listRuns())[0]).toMatchObject({ runId: begun.runId, state: "done", requestsDone: "40" });
  await muster.kill(slow);
  agent = await muster.start(agent.words);
});

test("a signal ends one that waits for the next call", async () => {
  const words = ["bridge", "requests", "--coordinator", muster.grpcAddress];
  const { child, ended } = muster.begin(words, {}, "pipe");
  await new Promise((resolve) => child.stdout!.once("data", resolve));
  child.kill("SIGTERM");
  expect((await ended).code).toBe(130);
});

test.each([
  ["a line that is no call", ["hello"], "badData", /no call of the harness: hello/],
  ["a call of an unknown kind", [{ call: "chat", samples: 1, requests: 1 }], "badData", /no call of the harness/],
  [
    "fewer requests than said",
    [
      { call: "loglikelihood", samples: 1, requests: 2 },
      { task: "t", doc: 0, requests: [["a", "b"]] },
    ],
    "badData",
    /a call of 2 requests came with 1/,
  ],
  [
    "a prompt with half a character",
    call("loglikelihood", [[["\ud83d", "x"]]]),
    "unsupported",
    /task made, document 0: the prompt holds half a character/,
  ],
  [
    "a setting that no engine can be sent",
    call("generate_until", [[["a", '{"until": [], "bad_words": ["x"]}']]]),
    "unsupported",
    /The task made has a generation setting bad_words/,
  ],
  ["a call that breaks off", [{ call: "loglikelihood", samples: 3, requests: 3 }], "interrupted", /in the middle/],
])("%s is refused with a sentence", async (_, lines, kind, message) => {
  const [answer] = await ask(lines);
  expect(answer!.error).toMatchObject({ kind, message: expect.stringMatching(message) as string });
});
