// Words of `--tasks` that are paths: task files, group files, folders. The harness, given the same words, makes the same
// tasks of them, or stops where Muster refuses.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MusterError } from "../../base/muster-error.ts";
import { str } from "../../evaluation/harness/python/represent.ts";
import { completeConfig, printConfig } from "../../evaluation/harness/task/task-config.ts";
import { selectTree } from "../../frontend/select-tree.ts";
import { harnessPython } from "../support/harness-python.ts";

type Made =
  | { readonly tasks: Record<string, string>; readonly groups: Record<string, [string, string, string[]]> }
  | { readonly error: string };

const python = harnessPython();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-words-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const TASK = "dataset_path: x\ntest_split: test\ndoc_to_text: '{{q}}'\ndoc_to_target: a\nmetadata:\n  version: 2.0\n";
const FILES: Record<string, string> = {
  "known/a.yaml": `task: word_a\ntag: words\n${TASK}`,
  "known/b.yaml": `task: word_b\ntag: [words]\nnum_fewshot: 2\n${TASK}`,
  "known/c.yaml": `group: word_c\ntask: [word_a, word_b]\naggregate_metric_list: [{metric: exact_match}]\n`,
  "outside/single.yaml": `task: single\ntag: words\ntask_alias: Single\n${TASK}`,
  "outside/dated.yaml": `task: dated\n${TASK}  day: 2024-02-29\n  odd: [010, 1e5, 12:30:45, no, 1_000]\n`,
  "outside/bare_metadata.yaml": `task: bare\n${TASK.replace("metadata:\n  version: 2.0\n", "metadata: 3\n")}`,
  "outside/mapped.yaml": "group: mapped\ntask:\n  - task: word_a\n  - {task: word_b, num_fewshot: 1}\n",
  "outside/settings.yaml": "group: settings\ntask: [{task: word_a}]\nnum_fewshot: 3\nmetadata: {version: 7}\n",
  "outside/inner.yaml": "group: outer\ntask:\n  - {group: inner, task: [{task: word_a}]}\n  - {task: word_b}\n",
  "outside/tagged.yaml": "group: tagged\ntask: [{task: words, num_fewshot: 4}]\n",
  "outside/listed.yaml": "group: listed\ntask: [word_a, word_b]\n",
  "outside/aliased.yaml": "group: aliased\ngroup_alias: Alias\ntask: [{task: word_a}]\n",
  "outside/aggregated.yaml": "group: aggregated\ntask: [{task: word_a}]\naggregate_metric_list: [{metric: acc}]\n",
  "outside/nameless.yaml": "output_type: generate_until\n",
  "pair/one.yaml": `task: one\n${TASK}`,
  "pair/two.yaml": `group: two\ntask: [{task: word_b}]\n`,
  "broken/one.yaml": `task: one\n${TASK}`,
  "broken/two.yaml": "task: [two\n",
};

function ours(word: string): Made {
  try {
    const places = { includePaths: [join(folder, "known")], cacheFolder: join(folder, "cache") };
    const { tasks, groups } = selectTree(places, word.split(","));
    const config = (raw: Parameters<typeof completeConfig>[0]) =>
      printConfig(completeConfig(raw, { numFewshot: null, generation: null }));
    return {
      tasks: Object.fromEntries(tasks.map(({ name, raw }) => [name, config(raw)])),
      groups: Object.fromEntries(
        groups.map(({ name, alias, metadata, members }) => [
          name,
          [alias ?? name, metadata.has("version") ? str(metadata.get("version")!) : "N/A", [...members.keys()]],
        ]),
      ),
    };
  } catch (error) {
    if (!(error instanceof MusterError) || error.kind === "internal") throw error;
    return { error: error.message };
  }
}

describe.skipIf(python === null)("words of --tasks", () => {
  test("paths of tasks, groups and folders mean what the harness makes of them", () => {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const paths = Object.keys(FILES).filter((name) => !name.startsWith("known"));
    const words = [...paths, "pair", "broken"].map((name) => join(folder, name));
    words.push("word_a", "word_c", "words", "word_?", `word_a,${words[0]!}`, `${words[0]!},${words[1]!}`);
    const asked = execFileSync(python!, [join(import.meta.dirname, "load_words.py"), join(folder, "known")], {
      input: JSON.stringify(words),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    const lines = asked.trim().split("\n");
    expect(lines).toHaveLength(words.length);
    const refused = words.filter((word, at) => {
      const theirs = JSON.parse(lines[at]!) as Made;
      const found = ours(word);
      if ("error" in theirs) expect(found, word).toEqual({ error: expect.any(String) as string });
      else expect(found, word).toEqual(theirs);
      return "error" in theirs;
    });
    expect(refused.map((word) => word.replace(folder, ""))).toEqual([
      "/outside/listed.yaml",
      "/outside/aliased.yaml",
      "/outside/aggregated.yaml",
      "/outside/nameless.yaml",
      "/broken/two.yaml",
      "/broken",
      // The pattern names the group and its members.
      "word_?",
    ]);
    expect(ours(join(folder, "outside/listed.yaml"))).toEqual({
      error: expect.stringMatching(/cannot be given by its path: .* list of tasks for the name/) as string,
    });
  }, 60_000);
});
