import { create } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import { type EvaluationRequest, type GenerationSettings, REQUEST_KINDS } from "../../evaluation/request.ts";
import { type RequestColumns, RequestColumnsSchema } from "../gen/muster/v1/columns_pb.js";
import { encodeTexts, readTexts, selectTexts, type TextRows } from "./text-column.ts";
import { toBytes, uint32Column, uint8Column } from "./typed-columns.ts";

/** `generation_index` of requests that generate nothing. */
const NO_GENERATION = 0xffffffff;

/** A request with the sample it belongs to. */
export interface SampleRequest {
  readonly sampleIndex: number;
  readonly request: EvaluationRequest;
}

/** Requests → columns. `generations` must hold, by identity or by equal JSON, each generation setting used. */
export function encodeRequests(
  rows: readonly SampleRequest[],
  generations: readonly GenerationSettings[],
): RequestColumns {
  const positions = new Map(generations.map((settings, position) => [JSON.stringify(settings), position]));
  const known = new Map<GenerationSettings, number>();
  const contexts = new Map<string, number>();
  const count = rows.length;
  const [requestIndex, sampleIndex] = [new Uint32Array(count), new Uint32Array(count)];
  const [generationIndex, contextIndex] = [new Uint32Array(count).fill(NO_GENERATION), new Uint32Array(count)];
  const kind = new Uint8Array(count);
  rows.forEach(({ request, sampleIndex: sample }, row) => {
    requestIndex[row] = request.index;
    sampleIndex[row] = sample;
    kind[row] = REQUEST_KINDS.indexOf(request.kind);
    if (request.generation !== undefined) {
      let position = known.get(request.generation) ?? positions.get(JSON.stringify(request.generation));
      if (position === undefined) throw new Error("bug: generation settings missing from the plan's header");
      known.set(request.generation, position);
      generationIndex[row] = position;
    }
    const context = contexts.get(request.context) ?? contexts.size;
    contexts.set(request.context, context);
    contextIndex[row] = context;
  });
  return create(RequestColumnsSchema, {
    count,
    requestIndex: toBytes(requestIndex),
    sampleIndex: toBytes(sampleIndex),
    kind,
    generationIndex: toBytes(generationIndex),
    contextIndex: toBytes(contextIndex),
    contexts: encodeTexts([...contexts.keys()]),
    continuations: encodeTexts(rows.map(({ request }) => request.continuation)),
  });
}

/** Checked read access to request columns. */
export interface RequestRows {
  readonly count: number;
  readonly requestIndex: Uint32Array;
  readonly sampleIndex: Uint32Array;
  readonly kind: Uint8Array;
  readonly generationIndex: Uint32Array;
  readonly contextIndex: Uint32Array;
  readonly contexts: TextRows;
  readonly continuations: TextRows;
}

/** Checks request columns. Throws `badData` where lengths, kinds or references disagree. */
export function readRequests(columns: RequestColumns): RequestRows {
  const { count } = columns;
  const contextIndex = uint32Column(columns.contextIndex, count, "context_index");
  const contextCount = Math.max(0, Math.floor((columns.contexts?.offsets.length ?? 0) / 4) - 1);
  for (const index of contextIndex) {
    if (index >= contextCount) throw new MusterError("badData", `context_index ${index} of ${contextCount} contexts`);
  }
  return {
    count,
    contextIndex,
    requestIndex: uint32Column(columns.requestIndex, count, "request_index"),
    sampleIndex: uint32Column(columns.sampleIndex, count, "sample_index"),
    kind: uint8Column(columns.kind, count, "kind", REQUEST_KINDS.length - 1),
    generationIndex: uint32Column(columns.generationIndex, count, "generation_index"),
    contexts: readTexts(columns.contexts, contextCount, "contexts"),
    continuations: readTexts(columns.continuations, count, "continuations"),
  };
}

/** One row as a request. Throws `badData` where it names generation settings that `generations` does not have. */
export function requestAt(rows: RequestRows, row: number, generations: readonly GenerationSettings[]): SampleRequest {
  const kind = REQUEST_KINDS[rows.kind[row]!]!;
  const base = {
    index: rows.requestIndex[row]!,
    kind,
    context: rows.contexts.text(rows.contextIndex[row]!),
    continuation: rows.continuations.text(row),
  };
  if (kind !== "generate_until") return { sampleIndex: rows.sampleIndex[row]!, request: base };
  const generation = generations[rows.generationIndex[row]!];
  if (generation === undefined) throw new MusterError("badData", `request ${base.index} has no generation settings`);
  return { sampleIndex: rows.sampleIndex[row]!, request: { ...base, generation } };
}

/** The chosen rows, in the order given, without decoding texts. */
export function selectRequests(rows: RequestRows, chosen: readonly number[]): RequestColumns {
  const contexts = new Map<number, number>();
  const pick = (column: Uint32Array): Uint8Array => toBytes(Uint32Array.from(chosen, (row) => column[row]!));
  const contextIndex = Uint32Array.from(chosen, (row) => {
    const context = rows.contextIndex[row]!;
    const position = contexts.get(context) ?? contexts.size;
    contexts.set(context, position);
    return position;
  });
  return create(RequestColumnsSchema, {
    count: chosen.length,
    requestIndex: pick(rows.requestIndex),
    sampleIndex: pick(rows.sampleIndex),
    kind: Uint8Array.from(chosen, (row) => rows.kind[row]!),
    generationIndex: pick(rows.generationIndex),
    contextIndex: toBytes(contextIndex),
    contexts: selectTexts(rows.contexts, [...contexts.keys()]),
    continuations: selectTexts(rows.continuations, chosen),
  });
}
