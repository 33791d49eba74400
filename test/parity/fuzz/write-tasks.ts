import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FuzzTask } from "./fuzz-tasks.ts";

/** Writes tasks with their data, a dataset map (`map.json`) and their Python functions into a folder. */
export function writeTasks(folder: string, tasks: readonly FuzzTask[], functions: string): void {
  mkdirSync(folder, { recursive: true });
  const map: Record<string, Record<string, string>> = {};
  for (const { settings, rows } of tasks) {
    const name = (settings["group"] ?? settings["task"]) as string;
    const isGroup = settings["group"] !== undefined;
    const files: Record<string, string> = {};
    for (const [split, documents] of Object.entries(rows)) {
      files[split] = join(folder, `${name}.${split}.jsonl`);
      writeFileSync(files[split], documents.map((document) => `${JSON.stringify(document)}\n`).join(""));
    }
    if (!isGroup) map[name] = files;
    const file = isGroup ? settings["group"] : name;
    writeFileSync(join(folder, `${file as string}.yaml`), toYaml(settings));
  }
  writeFileSync(join(folder, "functions.py"), functions);
  writeFileSync(join(folder, "map.json"), JSON.stringify(map));
}

/** JSON is YAML, but for some line breaks and for the tag of a function. */
export function toYaml(settings: object): string {
  return JSON.stringify(settings, undefined, 1)
    .replaceAll(/[\u007f\u0085\u2028\u2029\ufeff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll(/"(!function [\w.]+)"/g, "$1");
}
