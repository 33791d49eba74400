import { expect, test } from "vitest";
import type { PythonDict } from "../python/value.ts";
import { createSampler } from "./fewshot-sampler.ts";

const pool: readonly PythonDict[] = Array.from({ length: 30 }, (_, index) => new Map([["id", index]]));
const ids = (docs: readonly PythonDict[]) => docs.map((doc) => doc.get("id"));

// Expected draws: CPython 3.11, `r = random.Random(1234)` and `r.sample(range(30), k)`.
test("worked examples are drawn from one stream, so each draw depends on those before it", () => {
  const sampler = createSampler("default", pool, 1234);
  expect(ids(sampler.sample(3, null))).toEqual([24, 14, 3]);
  expect(ids(sampler.sample(3, null))).toEqual([0, 2, 29]);
});

test("where the evaluated document may be drawn, one more is drawn and it is dropped", () => {
  const sampler = createSampler("default", pool, 1234);
  expect(ids(sampler.sample(3, pool[14]!))).toEqual([24, 3, 0]);
  expect(ids(sampler.sample(3, pool[29]!))).toEqual([2, 25, 18]);
});

test("when copies of the evaluated document were drawn, the rest is drawn anew without it", () => {
  const copies = [...Array.from({ length: 6 }, () => new Map([["id", 0]])), ...pool.slice(1, 4)];
  const drawn = createSampler("default", copies, 1234).sample(3, new Map([["id", 0]]));
  expect(ids(drawn)).toHaveLength(3);
  expect(ids(drawn)).not.toContain(0);
});

test("first_n takes the first ones, without the evaluated document", () => {
  const sampler = createSampler("first_n", pool, 1234);
  expect(ids(sampler.sample(3, null))).toEqual([0, 1, 2]);
  expect(ids(sampler.sample(3, pool[1]!))).toEqual([0, 2, 3]);
});

test.each(["default", "first_n"] as const)("%s refuses to give more examples than there are", (name) => {
  const sampler = createSampler(name, pool.slice(0, 3), 1);
  expect(() => sampler.sample(4, null)).toThrow("4 worked examples are to be drawn from 3");
  expect(() => sampler.sample(3, pool[0]!)).toThrow("3");
});
