import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AgentSchema, type Run, RunSchema } from "../proto/gen/muster/v1/operator_pb.js";
import { RateMeter } from "./rate-meter.ts";
import { runFrame, runProgressLine, type FrameSurroundings } from "./run-frame.ts";

function runOf(fields: MessageInitShape<typeof RunSchema>): Run {
  return create(RunSchema, { runId: "r1", suite: "mine", model: "m", state: "running", ...fields });
}

const around: FrameSurroundings = {
  agents: [create(AgentSchema, { agentId: "a", hostName: "host-a", state: "busy", cpuShare: 0.5 })],
  rates: { requestsPerSecond: 12.34, tokensPerSecond: 2000, secondsLeft: 90 },
  trouble: null,
  hint: "Ctrl-C stops",
  height: 40,
};

function texts(run: Run, surroundings: Partial<FrameSurroundings> = {}): string[] {
  return runFrame(run, { ...around, ...surroundings }).map((segments) => segments.map(([text]) => text).join(""));
}

const busy = runOf({
  requestCount: 100n,
  requestsDone: 40n,
  sampleCount: 25n,
  samplesDone: 10n,
  promptTokens: 1500n,
  costUsd: 0.25,
  tasks: [
    { task: "one", sampleCount: 10n, samplesDone: 10n, metrics: [{ metric: "acc", filter: "none", value: 0.5 }] },
    { task: "two", sampleCount: 15n, metrics: [{ metric: "exact_match", filter: "strict", value: 0 }] },
  ],
  agents: [
    { agentId: "a", hostName: "host-a", requestsDone: 30n, processId: 11 },
    { agentId: "b", hostName: "host-b", requestsDone: 10n, processId: 12 },
  ],
});

test("a frame shows tasks with running scores, speed, bill and each agent's share", () => {
  const frame = texts(busy).join("\n");
  expect(frame).toContain("Scores in progress, not an estimate");
  expect(frame).toMatch(/one +10\/10 {2}█{12} {2}acc 0\.5000/);
  expect(frame).toMatch(/two +0\/15 {2}░{12} {2}exact_match \(strict\) 0\.0000/);
  expect(frame).toMatch(/All +10\/25 {2}█{5}░{7} {2}40 %/);
  expect(frame).toContain("12.3 requests/s, 2,000 tokens/s, 1,500 tokens so far");
  expect(frame).toContain("about 1 min 30 s left");
  expect(frame).toContain("$0.25");
  expect(frame).toMatch(/host-a \(process 11\) +75 % of the answers, 30 requests {2}busy {2}host CPU 50 %/);
  expect(frame).toMatch(/host-b \(process 12\) +25 % .* lost/);
});

test("a frame fits the terminal, and shows what is at work rather than what is done", () => {
  const tasks = Array.from({ length: 60 }, (_, position) => ({
    task: `task-${position}`,
    sampleCount: 10n,
    samplesDone: position < 50 ? 10n : 3n,
  }));
  const lines = texts(runOf({ tasks }), { height: 24, agents: [] });
  expect(lines.length).toBeLessThan(24);
  expect(lines.filter((line) => line.startsWith("task-5"))).toHaveLength(10);
  expect(lines.join("\n")).toMatch(/… and \d+ more tasks/);
});

test("a name with escape sequences cannot paint the terminal", () => {
  const lines = texts(runOf({ suite: "a\u001b[31mred\u0007", tasks: [{ task: "\u001b]0;title\u0007t" }] }));
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  expect(lines.join("\n")).not.toMatch(/[\u001b\u0007]/);
});

test("a line for logs says what a run waits for", () => {
  const waiting = runOf({ state: "waiting", reason: "no slot serves m", requestCount: 10n });
  expect(runProgressLine(waiting, around)).toContain("waiting (no slot serves m), 0/10 requests (0 %)");
});

test("speed is measured over the last half minute, and time left by predicted tokens", () => {
  const meter = new RateMeter();
  const at = (_second: number, done: number): Run =>
    runOf({
      requestsDone: BigInt(done),
      promptTokens: BigInt(done * 10),
      costTokensDone: done * 7,
      costTokensTotal: 7000,
    });
  // A slow beginning that must not count later.
  meter.note(at(0, 0), 0);
  for (let second = 60; second <= 120; second++) meter.note(at(second, (second - 60) * 10), second * 1000);
  const { requestsPerSecond, tokensPerSecond, secondsLeft } = meter.rates(at(120, 600));
  expect(requestsPerSecond).toBeCloseTo(10);
  expect(tokensPerSecond).toBeCloseTo(100);
  expect(secondsLeft).toBeCloseTo(40);
});
