import { createHash, type Hash, randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  type ReadStream,
  unlinkSync,
  type WriteStream,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { LineReader } from "../../base/node/line-reader.ts";
import { MusterError } from "../../base/muster-error.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { isDict } from "../../evaluation/harness/python/value.ts";
import { readGenerationSettings } from "../../evaluation/harness/task/generation-settings.ts";
import type { GenerationSettings } from "../../evaluation/request.ts";
import { type CallHead, type CallSample, readCallSample } from "./call-line.ts";

/** What is kept of a sample while its prompts lie on disk. */
export interface SpooledSample {
  /** Position in `tasks`. */
  readonly task: number;
  /** Position in the call. */
  readonly firstRequest: number;
  readonly requestCount: number;
}

/**
 * One call of the harness on this machine's disk: read once as it comes, to know its tasks, settings and digest, then
 * again for each plan that is made of it. So prompts are never all in memory, beside the harness that has them already.
 * The file has no name while it is in use, so that it goes with the process, however that ends.
 */
export class CallSpool {
  readonly head: CallHead;
  /** Names of the tasks in order; one that comes back after another has a second entry. */
  readonly tasks: string[] = [];
  readonly samples: SpooledSample[] = [];
  /** By the settings as Python's JSON. */
  readonly generations = new Map<string, GenerationSettings>();
  readonly #stream: WriteStream;
  /** What is read from, a descriptor. */
  readonly #file: number;
  readonly #hash: Hash = createHash("sha256");
  #requests = 0;

  constructor(head: CallHead) {
    this.head = head;
    this.#hash.update(JSON.stringify(head));
    const { writing, reading } = openNameless();
    this.#file = reading;
    this.#stream = createWriteStream("", { fd: writing });
    // Told by `add` or by `finish`; without a listener it would end the process.
    this.#stream.on("error", () => undefined);
  }

  /** Takes the next sample's line. Throws what `readCallSample` and `readGenerationSettings` throw. */
  async add(line: string): Promise<void> {
    const sample = readCallSample(line);
    if (this.tasks.at(-1) !== sample.task) this.tasks.push(sample.task);
    if (this.head.kind === "generate_until") for (const { detail } of sample.requests) this.#learn(sample.task, detail);
    const requestCount = sample.requests.length;
    this.samples.push({ task: this.tasks.length - 1, firstRequest: this.#requests, requestCount });
    this.#requests += requestCount;
    this.#hash.update("\n").update(line);
    if (this.#stream.errored !== null) throw spoolProblem(this.#stream.errored);
    if (!this.#stream.write(`${line}\n`))
      await new Promise<void>((resolve) => this.#stream.once("drain", () => resolve()));
  }

  /** Ends the call; the hex SHA-256 of all that it asks. */
  async finish(): Promise<string> {
    try {
      this.#stream.end();
      await finished(this.#stream);
    } catch (error) {
      throw spoolProblem(error as Error);
    }
    if (this.#requests !== this.head.requests) {
      throw new MusterError("badData", `a call of ${this.head.requests} requests came with ${this.#requests}`);
    }
    return this.#hash.digest("hex");
  }

  /** The samples in order. */
  async *read(): AsyncGenerator<CallSample> {
    for await (const line of new LineReader(this.#open()).rest()) yield readCallSample(line);
  }

  async remove(): Promise<void> {
    this.#stream.destroy();
    // It may be in the middle of writing.
    if (!this.#stream.closed) await new Promise<void>((resolve) => this.#stream.once("close", () => resolve()));
    closeSync(this.#file);
  }

  #open(): ReadStream {
    return createReadStream("", { fd: this.#file, autoClose: false, start: 0 });
  }

  #learn(task: string, text: string): void {
    if (this.generations.has(text)) return;
    const settings = parsePythonJson(text);
    if (!isDict(settings)) throw new MusterError("badData", `task ${task} has generation settings that are no mapping`);
    this.generations.set(text, readGenerationSettings(task, settings));
  }
}

/** A new file in the folder for such files, that no folder lists. */
function openNameless(): { readonly writing: number; readonly reading: number } {
  const path = join(tmpdir(), `muster-bridge-${randomUUID()}`);
  try {
    const writing = openSync(path, "wx", 0o600);
    try {
      return { writing, reading: openSync(path, "r") };
    } finally {
      unlinkSync(path);
    }
  } catch (error) {
    throw spoolProblem(error as Error);
  }
}

function spoolProblem(cause: Error): MusterError {
  return new MusterError("noSpace", `cannot keep the harness's requests in ${tmpdir()}: ${cause.message}`, {
    wayOut: "Free some space there, or name another folder with TMPDIR.",
    cause,
  });
}
