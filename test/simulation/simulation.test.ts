import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FLIPPED, PLANTED } from "./mutants.ts";
import { FAULT_KINDS } from "./scenario.ts";
import { liveThrough, type WorldReport } from "./world.ts";

const FIXED_WORLDS = 120;
const FRESH_WORLDS = 40;

/** Lives through worlds; a failure names the seed and the command that replays it. */
async function liveThroughAll(first: number, count: number): Promise<WorldReport[]> {
  const reports: WorldReport[] = [];
  for (let seed = first; seed < first + count; seed++) {
    try {
      reports.push(await liveThrough(seed));
    } catch (error) {
      throw new Error(`seed ${seed} breaks a rule; replay it with: npm run simulate -- --seed ${seed} --steps`, {
        cause: error,
      });
    }
  }
  return reports;
}

test(`${FIXED_WORLDS} known worlds keep all rules, and every kind of fault strikes while work is under way`, async () => {
  const reports = await liveThroughAll(1, FIXED_WORLDS);
  for (const kind of FAULT_KINDS) {
    const struck = reports.reduce((sum, report) => sum + (report.faults[kind] ?? 0), 0);
    expect(struck, kind).toBeGreaterThan(3);
  }
});

test(`${FRESH_WORLDS} worlds that nobody has seen keep all rules`, async () => {
  const first = randomInt(2 ** 30);
  console.log(`simulated worlds from seed ${first}; one of them again: npm run simulate -- --seed ${first}`);
  await liveThroughAll(first, FRESH_WORLDS);
});

test.each([...PLANTED, ...FLIPPED])("the mutant $name can be planted: npm run simulate:mutants", ({ edits }) => {
  for (const { file, from } of edits) {
    expect(readFileSync(join(import.meta.dirname, "../..", file), "utf8").split(from)).toHaveLength(2);
  }
});

test("the same seed gives the same world", async () => {
  expect(await liveThrough(3)).toEqual(await liveThrough(3));
});
