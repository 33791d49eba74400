// The samples file of the harness (`loggers/evaluation_tracker.py`): one line of JSON a document and filter.
import { parsePythonJson } from "../harness/python/json-parse.ts";
import { formatPythonJson } from "../harness/python/json-format.ts";
import { str } from "../harness/python/represent.ts";
import { isDict, isList, PythonObject, PythonTuple, type PythonValue } from "../harness/python/value.ts";
import { requestResponses } from "../harness/scoring/request-responses.ts";
import type { PlanSample, PlanTask } from "../plan.ts";
import type { EvaluationRequest } from "../request.ts";
import type { EvaluationResponse } from "../response.ts";
import type { SampleScore, TaskScorer } from "../task-scorer.ts";
import { indentJson } from "./indent-json.ts";

/** A sample with all that its lines show. Requests and responses are aligned. */
export interface ScoredSample {
  readonly sample: PlanSample;
  readonly requests: readonly EvaluationRequest[];
  readonly responses: readonly EvaluationResponse[];
  readonly score: SampleScore;
}

/** A sample's lines, one for each filter in the scorer's order, without the end of the line. */
export interface SampleLines {
  readonly lines: readonly string[];
  /** Hex digests of document, prompt and target, joined: what the harness's `task_hashes` are made of. */
  readonly hashes: string;
  readonly promptHash: string;
}

/** Prints the lines of one task's samples. `sha256Hex` hashes a text's UTF-8 bytes. */
export class SampleLinePrinter {
  readonly #task: PlanTask;
  readonly #sha256Hex: (text: string) => string;
  readonly #repeats: number;
  /** `generation_kwargs` as JSON: the second argument of each generation. */
  readonly #generation: string;
  /** For each filter: its name and the columns that it fills. */
  readonly #filters: readonly { readonly metricNames: string; readonly columns: readonly number[] }[];
  readonly #metrics: readonly string[];

  constructor(task: PlanTask, scorer: TaskScorer, sha256Hex: (text: string) => string) {
    const config = parsePythonJson(task.config);
    const setting = (name: string): PythonValue => (isDict(config) ? (config.get(name) ?? null) : null);
    this.#task = task;
    this.#sha256Hex = sha256Hex;
    this.#repeats = Number(setting("repeats") ?? 1);
    this.#generation = json(setting("generation_kwargs"));
    this.#metrics = scorer.columns.map(({ metric }) => JSON.stringify(metric));
    const byFilter = Map.groupBy(scorer.columns.keys(), (column) => scorer.columns[column]!.filter);
    this.#filters = Array.from(byFilter.values(), (columns) => ({
      columns,
      metricNames: `[${columns.map((column) => this.#metrics[column]!).join(", ")}]`,
    }));
  }

  print(scored: ScoredSample): SampleLines {
    const { sample, requests, responses, score } = scored;
    const target = str(parsePythonJson(sample.target));
    const promptHash = this.#sha256Hex(requests[0]!.context);
    const docHash = this.#sha256Hex(indentJson(sample.doc));
    const targetHash = this.#sha256Hex(target);
    const raw = requestResponses(this.#task, this.#repeats, responses);
    const head =
      `{"doc_id": ${sample.docId}, "doc": ${sample.doc}, "target": ${JSON.stringify(target)}, ` +
      `"arguments": ${this.#arguments(requests)}, "resps": ${json(texts(raw))}, `;
    const thinking = thinkingOf(responses, this.#repeats);
    const tail = `"doc_hash": "${docHash}", "prompt_hash": "${promptHash}", "target_hash": "${targetHash}"`;
    const lines = score.filtered.map(({ filter, responses: filtered }, position) => {
      const { metricNames, columns } = this.#filters[position] ?? { metricNames: "[]", columns: [] };
      const values = columns.map((column) => `, ${this.#metrics[column]!}: ${json(printable(score.values[column]!))}`);
      const middle = `"filtered_resps": ${json(texts(filtered))}, "filter": ${JSON.stringify(filter)}, `;
      return `${head}${middle}"metrics": ${metricNames}, ${tail}${values.join("")}${thinking}}`;
    });
    return { lines, promptHash, hashes: docHash + promptHash + targetHash };
  }

  #arguments(requests: readonly EvaluationRequest[]): string {
    const parts: string[] = [];
    let context: string | null = null;
    let contextJson = "";
    for (let index = 0; index < requests.length; index += this.#repeats) {
      const { kind, continuation } = requests[index]!;
      // Choices of a document share their context.
      if (requests[index]!.context !== context) contextJson = JSON.stringify(requests[index]!.context);
      context = requests[index]!.context;
      const first = `"arg_0": ${contextJson}`;
      const second = kind === "loglikelihood" ? JSON.stringify(continuation) : this.#generation;
      const both = kind === "loglikelihood_rolling" ? first : `${first}, "arg_1": ${second}`;
      parts.push(`"gen_args_${index / this.#repeats}": {${both}}`);
    }
    return `{${parts.join(", ")}}`;
  }
}

/** What a reasoning model thought, as `resps` has its answers: a column of ours, only where there is any. */
function thinkingOf(responses: readonly EvaluationResponse[], repeats: number): string {
  const thoughts = responses.map((response) => (response.kind === "text" ? (response.thinking ?? "") : ""));
  if (thoughts.every((thought) => thought === "")) return "";
  const lists = Array.from({ length: Math.ceil(thoughts.length / repeats) }, (_, request) =>
    thoughts.slice(request * repeats, (request + 1) * repeats),
  );
  return `, "thinking": ${json(lists)}`;
}

function json(value: PythonValue): string {
  return formatPythonJson(value, { ensureAscii: false });
}

/** A metric's value; the harness writes arrays, which JSON has no word for, as their text. */
function printable(value: PythonValue): PythonValue {
  if (value instanceof PythonTuple) return new PythonTuple(value.values.map(printable));
  return value instanceof PythonObject ? str(value) : value;
}

/** The harness's `sanitize_list`: every leaf as Python's `str` prints it. */
function texts(value: PythonValue): PythonValue {
  if (isList(value)) return value.map(texts);
  if (value instanceof PythonTuple) return new PythonTuple(value.values.map(texts));
  return str(value);
}
