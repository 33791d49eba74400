import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MusterError } from "../../../base/muster-error.ts";
import { harnessTree } from "../../support/harness-python.ts";
import { expectSameRun } from "../same-run.ts";
import { Draws } from "./draws.ts";
import { FuzzHarness } from "./fuzz-harness.ts";
import { type FuzzTask, TaskMaker } from "./fuzz-tasks.ts";
import { shrink } from "./shrink.ts";
import { readTreeValues, type TreeValues } from "./tree-values.ts";
import { toYaml, writeTasks } from "./write-tasks.ts";

const BATCH_TASKS = 50;
/** Every so many-th is a group of tasks before it. */
const GROUP_EVERY = 10;
/** Differences that are made small: each takes minutes. */
const SHRUNK_MAX = 3;

/** What came of a number of random tasks. */
export interface FuzzReport {
  tasks: number;
  equal: number;
  /** Tasks on which the harness stops, and so does Muster; by why the harness stops. */
  readonly bothStop: Map<string, number>;
  /** Tasks that Muster refuses by name though the harness runs them; by why. */
  readonly refused: Map<string, number>;
  readonly differences: string[];
  /** How often each kind of thing was drawn. */
  readonly drawn: Map<string, number>;
}

/** What to fuzz. */
export interface FuzzWish {
  readonly python: string;
  readonly seed: number;
  readonly tasks: number;
  /** Number of the first task, to see one again without those before it. */
  readonly first?: number;
  readonly onProgress: (report: FuzzReport) => void;
}

/** Makes tasks, runs them through both, and compares prompts, samples, scores and errors. */
export async function fuzzTasks(wish: FuzzWish): Promise<FuzzReport> {
  const folder = mkdtempSync(join(tmpdir(), "muster-fuzz-"));
  const harness = new FuzzHarness(wish.python, join(folder, "hf"));
  try {
    const tree = readTreeValues(harnessTree(wish.python), join(folder, "index"));
    return await new Fuzz(wish, folder, harness).run(tree);
  } finally {
    harness.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How one task compares. */
type Comparison =
  | { readonly kind: "equal" }
  | { readonly kind: "bothStop" | "refused" | "different"; readonly why: string };

class Fuzz {
  readonly #wish: FuzzWish;
  readonly #folder: string;
  readonly #harness: FuzzHarness;
  readonly #functions = readFileSync(join(import.meta.dirname, "functions.py"), "utf8");
  readonly #report: FuzzReport = {
    ...{ tasks: 0, equal: 0, bothStop: new Map(), refused: new Map() },
    ...{ differences: [], drawn: new Map<string, number>() },
  };
  #places = 0;

  constructor(wish: FuzzWish, folder: string, harness: FuzzHarness) {
    this.#wish = wish;
    this.#folder = folder;
    this.#harness = harness;
  }

  async run(tree: TreeValues): Promise<FuzzReport> {
    while (this.#report.tasks < this.#wish.tasks) await this.#batch(tree);
    return this.#report;
  }

  async #batch(tree: TreeValues): Promise<void> {
    const { tasks: done } = this.#report;
    const first = (this.#wish.first ?? 0) + done;
    const tasks: FuzzTask[] = [];
    for (let index = first; index < first + Math.min(BATCH_TASKS, this.#wish.tasks - done); index++) {
      const maker = new TaskMaker(new Draws(this.#wish.seed * 100_003 + index, this.#report.drawn), tree);
      const name = `fuzz_${this.#wish.seed}_${index}`;
      const single = tasks.filter(({ settings }) => settings["group"] === undefined);
      tasks.push(index % GROUP_EVERY === GROUP_EVERY - 1 ? maker.group(name, single) : maker.task(name));
    }
    const place = this.#place();
    writeTasks(place, tasks, this.#functions);
    for (const task of tasks) {
      await this.#judge(task, place);
      this.#report.tasks += 1;
      this.#wish.onProgress(this.#report);
    }
    rmSync(place, { recursive: true });
  }

  async #judge(task: FuzzTask, place: string): Promise<void> {
    const comparison = await this.#compare(task, place);
    const { bothStop, refused, differences } = this.#report;
    if (comparison.kind === "equal") this.#report.equal += 1;
    else if (comparison.kind === "bothStop") count(bothStop, comparison.why);
    else if (comparison.kind === "refused") count(refused, comparison.why);
    else differences.push(`${nameOf(task)}: ${await this.#explain(task, comparison.why)}`);
  }

  async #compare(task: FuzzTask, folder: string): Promise<Comparison> {
    const name = nameOf(task);
    const { limit, numFewshot } = task;
    const outcome = await this.#harness.run({ task: name, folder, limit, numFewshot });
    const error = "error" in outcome ? outcome.error : null;
    const expected = "error" in outcome ? EMPTY : outcome;
    const places = { includePaths: [folder], datasetMap: join(folder, "map.json") };
    try {
      await expectSameRun(expected, { tasks: [name], limit, numFewshot, ...places });
    } catch (thrown) {
      if (thrown instanceof MusterError) {
        if (error !== null) return { kind: "bothStop", why: bare(error, name) };
        const kind = thrown.kind === "unsupported" ? "refused" : "different";
        return { kind, why: bare(kind === "refused" ? thrown.message : `Muster stops: ${thrown.message}`, name) };
      }
      if (error === null) return { kind: "different", why: thrown instanceof Error ? thrown.message : String(thrown) };
    }
    return error === null
      ? { kind: "equal" }
      : { kind: "different", why: `Muster runs it, and the harness stops: ${error}` };
  }

  /** The difference, with a minimal task that shows it. */
  async #explain(task: FuzzTask, why: string): Promise<string> {
    const isGroup = task.settings["group"] !== undefined;
    if (isGroup || this.#report.differences.length >= SHRUNK_MAX) return `${why}\n${toYaml(task.settings)}`;
    const differs = async (smaller: FuzzTask): Promise<boolean> => {
      const place = this.#place();
      writeTasks(place, [smaller], this.#functions);
      const { kind } = await this.#compare(smaller, place);
      rmSync(place, { recursive: true });
      return kind === "different";
    };
    const small = await shrink(task, differs);
    const place = this.#place();
    writeTasks(place, [small], this.#functions);
    const comparison = await this.#compare(small, place);
    const said = comparison.kind === "different" ? comparison.why : why;
    const { limit, numFewshot } = small;
    return `${said}\n${toYaml(small.settings)}\n${JSON.stringify({ limit, numFewshot, test: small.rows["test"] })}`;
  }

  #place(): string {
    return join(this.#folder, String(this.#places++));
  }
}

/** A report of nothing. */
const EMPTY = { results: {}, "n-samples": {}, "n-shot": {}, versions: {}, higher_is_better: {}, samples: {} };

function nameOf({ settings }: FuzzTask): string {
  return (settings["group"] ?? settings["task"]) as string;
}

function bare(message: string, task: string): string {
  return message.replaceAll(task, "TASK").slice(0, 160);
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
