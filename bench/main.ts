// `npm run bench` runs every benchmark; `npm run bench -- NAME…` runs those named. Each prints its figures, its gate
// last, and the exit status is 1 when a gate was missed.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";

const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".bench.ts"))
  .map((name) => name.slice(0, -".bench.ts".length));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const tiny = process.argv.includes("--tiny");
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`unknown benchmark ${unknown.join(", ")}; there are: ${known.join(", ")}`);
  process.exit(2);
}
let missed = 0;
for (const name of wanted.length > 0 ? wanted : known) {
  const { default: benchmark } = (await import(join(import.meta.dirname, `${name}.bench.ts`))) as {
    default: Benchmark;
  };
  console.log(`\n== ${name}: ${benchmark.title}`);
  for (const gate of await benchmark.run({ tiny })) {
    const met = gate.atLeast === undefined ? gate.value <= gate.atMost! : gate.value >= gate.atLeast;
    if (!met) missed += 1;
    const bound = gate.atLeast === undefined ? `at most ${gate.atMost}` : `at least ${gate.atLeast}`;
    console.log(`${met ? "met   " : "MISSED"}  ${gate.name}: ${round(gate.value)} ${gate.unit} (${bound})`);
  }
}
process.exitCode = missed > 0 ? 1 : 0;

function round(value: number): number {
  return Number(value.toPrecision(4));
}
