// A manifest on another machine: the tasks and the data lie in other folders, and everything else is in it.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MusterProcesses } from "../support/muster-processes.ts";

const muster = new MusterProcesses();

afterAll(() => muster.stop());

function writeTasks(folder: string): void {
  mkdirSync(join(folder, "tasks"), { recursive: true });
  const rows = Array.from({ length: 6 }, (_, row) =>
    JSON.stringify({ question: `what is ${row}?`, answer: `a${row}` }),
  );
  writeFileSync(join(folder, "data.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(join(folder, "map.json"), JSON.stringify({ "made/here": { test: "data.jsonl" } }));
  writeFileSync(
    join(folder, "tasks", "scoring.py"),
    "def score(doc, results):\n    return {'length': float(len(results[0]))}\n",
  );
  const lines = [
    ...["task: elsewhere", "dataset_path: made/here", "test_split: test", "output_type: generate_until"],
    ...["doc_to_text: '{{question}}'", "doc_to_target: answer", "process_results: !function scoring.score"],
    ...["metric_list:", "  - metric: length", "    aggregation: mean", "    higher_is_better: true"],
  ];
  writeFileSync(join(folder, "tasks", "elsewhere.yaml"), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "tasks", "all.yaml"), "group: all_of_it\ntask:\n  - elsewhere\n");
}

test("tasks, their Python and their data may lie elsewhere: prompts and scores are the same to the last bit", async () => {
  const [here, there, manifest] = ["here", "there", "carried.json"].map((name) => join(muster.home, name)) as [
    string,
    string,
    string,
  ];
  const places = (folder: string): string[] => [
    ...["--include-path", join(folder, "tasks")],
    ...["--dataset-map", join(folder, "map.json")],
  ];
  writeTasks(here);
  const output = join(muster.home, "output");
  await muster.output([
    ...["run", "--tasks", "all_of_it", ...places(here)],
    ...["--engine", "hash", "--model", "hash", "--yes", "--output", output],
  ]);
  renameSync(join(output, "manifest.json"), manifest);
  rmSync(output, { recursive: true });
  renameSync(here, there);
  const again = ["--output", join(muster.home, "again"), "--json"];
  const { code, stdout, stderr } = await muster.run(["replay", manifest, ...places(there), ...again]);
  expect({ code, ...(JSON.parse(stdout || "{}") as object) }, stderr).toMatchObject({ code: 0, isEqual: true });
});
