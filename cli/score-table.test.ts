import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RunSchema } from "../proto/gen/muster/v1/operator_pb.js";
import { summariseRun } from "./run-summary.ts";
import { formatScores, readScores } from "./score-table.ts";

const RESULTS = `{
  "results": {
    "family": {"alias": "family", "acc,none": 0.625, "acc_stderr,none": 0.1, "sample_len": 8},
    "first": {"alias": " - first", "acc,none": 0.5, "acc_stderr,none": "N/A", "sample_len": 4},
    "second": {"alias": " - second", "acc,none": 0.75, "acc_stderr,none": 0.25, "exact_match,strict": NaN, "exact_match_stderr,strict": "N/A", "sample_len": 4}
  },
  "group_subtasks": {"family": ["first", "second"]},
  "versions": {"first": 1, "second": 1.0},
  "n-shot": {"first": 0, "second": 3},
  "higher_is_better": {"first": {"acc": true}, "second": {"acc": true, "exact_match": false}}
}`;

test("the table shows groups above their tasks, errors, shots, and which way is better", () => {
  const lines = formatScores(readScores(Buffer.from(RESULTS)));
  expect(lines).toEqual([
    "Task      Metric         Filter   Value  ± Error  Shots  Samples",
    "────────  ─────────────  ──────  ──────  ───────  ─────  ───────",
    "family    acc            none    0.6250   0.1000               8",
    "  first   acc ↑          none    0.5000               0        4",
    "  second  acc ↑          none    0.7500   0.2500      3        4",
    "          exact_match ↓  strict     NaN",
  ]);
});

test("a run without results has no scores", () => {
  expect(readScores(new Uint8Array())).toEqual([]);
});

test("a summary names agents with their processes, and never hides cut prompts or missing answers", () => {
  const run = create(RunSchema, {
    runId: "r1",
    samplesDone: 10n,
    requestsDone: 40n,
    elapsedSeconds: 20,
    promptTokens: 12_345n,
    completionTokens: 1n,
    slotSeconds: 75,
    costUsd: 0.0123,
    requestsFailed: 2n,
    truncatedRequests: 1n,
    agents: [{ agentId: "a", hostName: "host-a", processId: 77, requestsDone: 40n, slotSeconds: 75 }],
  });
  const text = summariseRun(run, { agents: [], output: "/results", next: ["muster runs show r1"] }).join("\n");
  expect(text).toContain("10 samples, 40 requests in 20 s (2.0 requests/s)");
  expect(text).toContain("12,345 in prompts, 1 generated");
  expect(text).toContain("1 min 15 s of slot time");
  expect(text).toContain("$0.012");
  expect(text).toContain("host-a (process 77) answered 40 requests");
  expect(text).toContain("2 requests got no answer");
  expect(text).toContain("1 prompt longer than the context");
  expect(text).toContain("Results /results");
  expect(text).toContain("Next:   muster runs show r1");
});
