// What lies in a run's output folder, read as it is needed.
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LineReader } from "../../base/node/line-reader.ts";
import { MusterError } from "../../base/muster-error.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { toFloatNumber } from "../../evaluation/harness/python/number-text.ts";
import { str } from "../../evaluation/harness/python/represent.ts";
import { isDict, isFloat, isList, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";
import { type ScoreTableRow, scoreTable } from "../../evaluation/report/score-table.ts";
import { readManifest, samplesFileOf } from "../read-manifest.ts";

/** One sample under one filter. */
export interface ExportedSample {
  readonly docId: number;
  readonly target: string;
  /** Prompt of its first request. */
  readonly prompt: string;
  /** Answers as they came, one a request and repeat. */
  readonly answers: readonly string[];
  readonly filtered: readonly string[];
  readonly filter: string;
  /** Numbers where they are numbers, else as Python prints them; null: none. */
  readonly metrics: readonly { readonly name: string; readonly value: number | string | null }[];
}

/** A finished run's folder. */
export class RunFolder {
  readonly manifest: RunManifest;
  readonly scores: readonly ScoreTableRow[];
  readonly #folder: string;

  /** Throws `badData` for a folder that holds no run's results. */
  constructor(folder: string) {
    this.#folder = folder;
    const results = readdirSync(folder).find((name) => /^results_.*\.json$/.test(name));
    if (results === undefined) {
      throw new MusterError("badData", `${folder} holds no results of a run`, {
        wayOut: "Runs of the bridge keep the harness's own files; name a run of Muster's own frontend.",
      });
    }
    this.manifest = readManifest(folder);
    this.scores = scoreTable(readFileSync(join(folder, results), "utf8"));
  }

  /** Tasks with samples, in the plan's order. */
  get tasks(): readonly string[] {
    return this.manifest.coverage.tasks.map(({ task }) => task);
  }

  /** Whether some expected sample is in no score. */
  get isPartial(): boolean {
    return !this.manifest.coverage.everySampleCountedOnce;
  }

  scoresOf(task: string): readonly ScoreTableRow[] {
    return this.scores.filter((row) => row.task === task);
  }

  /** A task's samples, filter after filter; only those of one filter where it is named. */
  async *samples(task: string, filter: string | null = null): AsyncGenerator<ExportedSample> {
    const name = samplesFileOf(this.manifest.files, task);
    if (name === undefined) return;
    for await (const line of new LineReader(createReadStream(join(this.#folder, name))).rest()) {
      const row = parsePythonJson(line);
      if (!isDict(row) || (filter !== null && row.get("filter") !== filter)) continue;
      yield readSample(row);
    }
  }
}

function readSample(row: PythonDict): ExportedSample {
  const names = isList(row.get("metrics") ?? null) ? (row.get("metrics") as readonly PythonValue[]) : [];
  const [first] = [...dictOf(row.get("arguments")).values()];
  return {
    docId: Number(row.get("doc_id")),
    target: str(row.get("target") ?? null),
    prompt: str(dictOf(first).get("arg_0") ?? null),
    answers: leaves(row.get("resps") ?? null),
    filtered: leaves(row.get("filtered_resps") ?? null),
    filter: str(row.get("filter") ?? null),
    metrics: names.map((name) => ({ name: str(name), value: scalar(row.get(name) ?? null) })),
  };
}

function dictOf(value: PythonValue | undefined): PythonDict {
  return value !== undefined && isDict(value) ? value : new Map();
}

function leaves(value: PythonValue): string[] {
  return isList(value) ? value.flatMap(leaves) : [str(value)];
}

function scalar(value: PythonValue): number | string | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null || typeof value === "number") return value;
  return isFloat(value) || typeof value === "bigint" ? toFloatNumber(value) : str(value);
}
