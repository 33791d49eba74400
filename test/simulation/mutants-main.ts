// `npm run simulate:mutants [-- --only TEXT] [--seeds N]`: plants one mistake after another in a copy of the product and
// lives through worlds until a rule is broken. A mistake that none shows is a hole in the simulation.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { FLIPPED, type Mutant, PLANTED } from "./mutants.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** What a simulation is made of. */
const COPIED = [
  "agent",
  "base",
  "coordinator",
  "evaluation",
  "proto",
  "quickstart",
  "test/simulation",
  "test/support",
  "package.json",
];
/** A world that takes longer is one that never ends. */
const SILENCE_MS = 60_000;

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, seeds: { type: "string", default: "2000" } },
});

/** Worlds that the product as it is must live through first. */
const CONTROL_SEEDS = "200";

const queue = [...PLANTED, ...FLIPPED.map((one) => ({ ...one, name: `turned round: ${one.name}` }))].filter(
  ({ name }) => name.includes(values.only),
);
const total = queue.length;
let caught = 0;
await Promise.all(Array.from({ length: availableParallelism() }, () => work()));
console.log(`${caught} of ${total} mutants caught`);
process.exitCode = caught === total ? 0 : 1;

/** Takes mutants until none is left, in a copy of its own. */
async function work(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "muster-mutants-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const control = await live(folder, CONTROL_SEEDS);
  if (control !== null) throw new Error(`a rule is broken without any mistake: ${control}`);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const undo = plant(folder, next);
    const verdict = await live(folder, values.seeds);
    undo();
    if (verdict !== null) caught += 1;
    console.log(
      `${verdict === null ? "SURVIVES" : "caught  "}  ${next.name}${verdict === null ? "" : `\n            ${verdict}`}`,
    );
  }
  rmSync(folder, { recursive: true });
}

function plant(folder: string, { name, edits }: Mutant): () => void {
  const before = edits.map(({ file, from, to }) => {
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    if (text.split(from).length !== 2)
      throw new Error(`mutant "${name}": its text does not stand in ${file} exactly once`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    return { path, text };
  });
  return () => {
    // The last edit first: two may be of one file.
    for (const { path, text } of before.toReversed()) writeFileSync(path, text);
  };
}

/** The first broken rule, or null where all worlds keep them. Rejects where the program itself is broken: that shows nothing. */
function live(folder: string, seeds: string): Promise<string | null> {
  const words = ["--disable-warning=ExperimentalWarning", join(folder, "test/simulation/main.ts")];
  const child = spawn(process.execPath, [...words, "--first", "1", "--seeds", seeds, "--workers", "1", "--stop"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((done, fail) => {
    let output = "";
    let isSilent = false;
    const hush = (): NodeJS.Timeout =>
      setTimeout(() => {
        isSilent = true;
        child.kill("SIGKILL");
      }, SILENCE_MS);
    let timer = hush();
    const hear = (bytes: Buffer): void => {
      output += bytes.toString();
      clearTimeout(timer);
      timer = hush();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("close", (code) => {
      clearTimeout(timer);
      const broken = /^seed \d+: .*/m.exec(output)?.[0].slice(0, 160);
      if (isSilent) done("a world that never ends");
      else if (code === 0) done(null);
      else if (broken !== undefined) done(broken);
      else fail(new Error(`the program does not run:\n${output.slice(-2_000)}`));
    });
  });
}
