import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOfFolder, generateData } from "./generate.ts";

const folder = import.meta.dirname;

function checkedInData(): string[] {
  const entries = readdirSync(join(folder, "data"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

test("generating again gives the checked-in data files, byte for byte, and no others", () => {
  const generated = generateData();
  expect(checkedInData().sort()).toEqual([...generated.keys()].sort());
  for (const [path, content] of generated) {
    expect(readFileSync(join(folder, path)).equals(Buffer.from(content)), path).toBe(true);
  }
});

test("DIGEST covers every file of the suite as it is on disk", () => {
  expect(readFileSync(join(folder, "DIGEST"), "utf8")).toBe(digestOfFolder());
});

test("about 200 samples, and no test question comes twice in its file or stands among the worked examples", () => {
  let samples = 0;
  for (const [path, content] of generateData()) {
    if (!path.endsWith("/test.jsonl")) continue;
    const lines = content.trimEnd().split("\n");
    samples += lines.length;
    const worked = generateData().get(path.replace("test.jsonl", "train.jsonl"))?.trimEnd().split("\n") ?? [];
    expect(new Set([...lines, ...worked]).size, path).toBe(lines.length + worked.length);
  }
  expect(samples).toBe(200);
});

test("the right answer is at each position about equally often, so that guessing one letter does not pay", () => {
  for (const [path, content] of generateData()) {
    if (!/(facts|reading|matching)\/test/.test(path)) continue;
    const answers = content
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { answer: number }).answer);
    const choices = path.includes("reading") ? 3 : 4;
    for (let position = 0; position < choices; position += 1) {
      const share = answers.filter((answer) => answer === position).length / answers.length;
      expect(share, `${path}, position ${position}`).toBeGreaterThan(0.1);
      expect(share, `${path}, position ${position}`).toBeLessThan(0.45);
    }
  }
});
