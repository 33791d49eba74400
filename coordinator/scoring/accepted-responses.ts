// The responses that count, by request. Batches arrive in the order of the agents, scoring wants the plan's order: a
// first pass over the batches keeps 9 to 17 bytes a request in memory and lays texts in one scratch file, from which they are
// read back one by one. So memory does not grow with the length of the answers.
import { fromBinary } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { readResponses } from "../../proto/codec/response-columns.ts";
import { type ResponseColumns, ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import { readBlob } from "../adapters/blobs/folder-blob-store.ts";
import type { OutputFile } from "./output-file.ts";

const NONE = 0;
const TEXT = 1;
const LOGPROB = 2;
const GREEDY_LOGPROB = 3;
const BLOBS_READ_AHEAD = 4;

/** A batch of responses in the journal: the requests whose responses in this blob count. */
export interface AcceptedBatch {
  readonly digest: string;
  readonly agentId: string;
  readonly requestIndexes: Uint32Array;
}

/** The responses of a run. */
export class AcceptedResponses {
  readonly #kind: Uint8Array;
  /** Log-probability, or where the text begins in the scratch file. */
  readonly #value: Float64Array;
  readonly #textBytes: LazyColumn;
  readonly #truncatedTokens: LazyColumn;
  readonly #texts: OutputFile;
  #textBuffer = Buffer.allocUnsafe(4096);

  private constructor(requestCount: number, texts: OutputFile) {
    this.#kind = new Uint8Array(requestCount);
    this.#value = new Float64Array(requestCount);
    this.#textBytes = new LazyColumn(requestCount);
    this.#truncatedTokens = new LazyColumn(requestCount);
    this.#texts = texts;
  }

  /** Reads all batches. Throws `badData` for a request that counts twice, or lies outside the plan or its blob. */
  static async read(
    batches: readonly AcceptedBatch[],
    from: { readonly blobFolder: string; readonly requestCount: number; readonly scratch: OutputFile },
  ): Promise<AcceptedResponses> {
    const responses = new AcceptedResponses(from.requestCount, from.scratch);
    const ahead: Promise<Uint8Array>[] = [];
    for (const [position, batch] of batches.entries()) {
      while (ahead.length < BLOBS_READ_AHEAD && position + ahead.length < batches.length) {
        const reading = readBlob(from.blobFolder, batches[position + ahead.length]!.digest);
        // Awaited in its turn; until then a failure must not count as unhandled.
        reading.catch(() => undefined);
        ahead.push(reading);
      }
      responses.#add(batch, fromBinary(ResponseColumnsSchema, await ahead.shift()!));
    }
    from.scratch.flush();
    return responses;
  }

  /** The response to a request, or null where there is none. */
  get(requestIndex: number): EvaluationResponse | null {
    const kind = this.#kind[requestIndex]!;
    if (kind === NONE) return null;
    const cost = {
      promptTokens: 0,
      completionTokens: 0,
      truncatedTokens: this.#truncatedTokens.get(requestIndex),
      latencyUs: 0,
    };
    const value = this.#value[requestIndex]!;
    if (kind !== TEXT) return { kind: "logprob", logprob: value, isGreedy: kind === GREEDY_LOGPROB, ...cost };
    return { kind: "text", text: this.#text(value, this.#textBytes.get(requestIndex)), ...cost };
  }

  #text(position: number, bytes: number): string {
    if (bytes === 0) return "";
    if (bytes > this.#textBuffer.length) this.#textBuffer = Buffer.allocUnsafe(bytes * 2);
    this.#texts.readInto(this.#textBuffer, position, bytes);
    return this.#textBuffer.toString("utf8", 0, bytes);
  }

  #add(batch: AcceptedBatch, columns: ResponseColumns): void {
    const rows = readResponses(columns);
    const rowOf = new Map<number, number>();
    for (let row = rows.count - 1; row >= 0; row--) rowOf.set(rows.requestIndex[row]!, row);
    const utf8 = columns.texts!.utf8;
    const base = this.#texts.bytes;
    if (utf8.length > 0) this.#texts.write(utf8);
    for (const request of batch.requestIndexes) {
      const row = rowOf.get(request);
      if (row === undefined || request >= this.#kind.length) {
        throw new MusterError("badData", `the journal counts request ${request} in ${batch.digest}, which has none`);
      }
      if (this.#kind[request] !== NONE) {
        throw new MusterError("badData", `the journal counts request ${request} twice`);
      }
      this.#truncatedTokens.set(request, rows.truncatedTokens[row]!);
      if (rows.kind[row] === 0) {
        const bytes = rows.texts.bytes(row);
        this.#kind[request] = TEXT;
        this.#value[request] = base + bytes.byteOffset - utf8.byteOffset;
        this.#textBytes.set(request, bytes.length);
      } else {
        this.#kind[request] = rows.isGreedy[row] === 1 ? GREEDY_LOGPROB : LOGPROB;
        this.#value[request] = rows.logprob[row]!;
      }
    }
  }
}

/** A column of u32 that takes no memory while all of it is zero. */
class LazyColumn {
  readonly #length: number;
  #values: Uint32Array | null = null;

  constructor(length: number) {
    this.#length = length;
  }

  get(row: number): number {
    return this.#values === null ? 0 : this.#values[row]!;
  }

  set(row: number, value: number): void {
    if (value !== 0) (this.#values ??= new Uint32Array(this.#length))[row] = value;
  }
}
