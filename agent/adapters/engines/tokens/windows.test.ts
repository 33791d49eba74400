import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { harnessPython } from "../../../../test/support/harness-python.ts";
import { fitPrompt, fitWindow, rollingWindows } from "./windows.ts";

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, position) => start + position);
}

test("a pair that fits stays as it is", () => {
  const pair = { context: [1, 2], continuation: [3] };
  expect(fitWindow(pair, 3, "it")).toEqual({ ...pair, truncatedTokens: 0 });
});

test("a pair that is too long loses tokens at the context's left, counted", () => {
  const pair = { context: [1, 2, 3], continuation: [4, 5] };
  expect(fitWindow(pair, 3, "it")).toEqual({ context: [3], continuation: [4, 5], truncatedTokens: 2 });
});

test("a continuation that leaves no room for context is refused", () => {
  expect(() => fitWindow({ context: [1, 2], continuation: [3, 4, 5] }, 3, "the engine")).toThrow(
    "the engine takes 2 tokens of text to score after its context, and this one has 3",
  );
  expect(() => fitWindow({ context: [], continuation: [3] }, 3, "the engine")).toThrow("has no tokens");
});

test("a prompt leaves room for what is generated", () => {
  expect(fitPrompt([1, 2, 3, 4], 3, 5, "it")).toEqual({ tokens: [3, 4], truncatedTokens: 2 });
  expect(fitPrompt([1, 2], 3, 5, "it")).toEqual({ tokens: [1, 2], truncatedTokens: 0 });
  expect(() => fitPrompt([1], 5, 5, "it")).toThrow("no room");
});

const python = harnessPython();
describe.skipIf(python === null)("windows of a text", () => {
  test("are the harness's, for all lengths around the window's", () => {
    const program = `
import json, sys
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
for count in range(0, 23):
    windows = map(make_disjoint_window, get_rolling_token_windows(list(range(count)), 99, 5, 1))
    print(json.dumps([{"context": a, "continuation": b} for a, b in windows]))
`;
    const lines = execFileSync(python!, ["-c", program], { encoding: "utf8" }).trim().split("\n");
    expect(lines).toHaveLength(23);
    for (const [count, line] of lines.entries()) {
      expect(rollingWindows(range(0, count), 99, 5), `${count} tokens`).toEqual(JSON.parse(line));
    }
  });
});
