// Makes the quickstart suite's data. Run it after changing a generator:
//   node quickstart/generate.ts
// The suite has to be the same for everybody, so it is drawn from a fixed seed, checked in, and pinned by DIGEST.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generateArithmetic } from "./generators/arithmetic.ts";
import { generateCopying } from "./generators/copying.ts";
import type { Splits } from "./generators/document.ts";
import { generateFacts } from "./generators/facts.ts";
import { generateMatching } from "./generators/matching.ts";
import { generateReading } from "./generators/reading.ts";
import { SeededRandom } from "./seeded-random.ts";

const SEED = 20260105;
const FOLDER = import.meta.dirname;
const GENERATORS: { readonly [name: string]: (random: SeededRandom) => Splits } = {
  facts: generateFacts,
  reading: generateReading,
  matching: generateMatching,
  arithmetic: generateArithmetic,
  copying: generateCopying,
};

/** The data files as a map from path (relative to quickstart/) to content, one JSON document a line. */
export function generateData(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [position, [name, generate]] of Object.entries(GENERATORS).entries()) {
    // A stream for each task: changing one leaves the others as they are.
    const splits = generate(new SeededRandom(SEED + position));
    for (const [split, documents] of Object.entries(splits)) {
      files.set(`data/${name}/${split}.jsonl`, documents.map((document) => `${JSON.stringify(document)}\n`).join(""));
    }
  }
  return files;
}

/** What DIGEST must hold for the files that are on disk: one line a file, in the form that `sha256sum -c` checks. */
export function digestOfFolder(): string {
  const data = readdirSync(join(FOLDER, "data"), { recursive: true, encoding: "utf8" }).map((path) => `data/${path}`);
  const tasks = readdirSync(join(FOLDER, "tasks")).map((path) => `tasks/${path}`);
  const paths = [...data.filter((path) => path.endsWith(".jsonl")), ...tasks, "dataset-map.json", "suite.yaml"];
  const lines = paths.sort().map((path) => {
    const sha256 = createHash("sha256")
      .update(readFileSync(join(FOLDER, path)))
      .digest("hex");
    return `${sha256}  ${path}\n`;
  });
  return lines.join("");
}

function main(): void {
  for (const [path, content] of generateData()) {
    mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
    writeFileSync(join(FOLDER, path), content);
  }
  writeFileSync(join(FOLDER, "DIGEST"), digestOfFolder());
}

if (import.meta.main) main();
