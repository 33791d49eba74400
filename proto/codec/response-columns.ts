import { create } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { type ResponseColumns, ResponseColumnsSchema } from "../gen/muster/v1/columns_pb.js";
import { encodeTexts, readTexts, type TextRows } from "./text-column.ts";
import { float64Column, toBytes, uint32Column, uint8Column } from "./typed-columns.ts";

const TEXT = 0;
const LOGPROB = 1;

/** A response with the request it answers. */
export interface RequestResponse {
  readonly requestIndex: number;
  readonly response: EvaluationResponse;
}

/** Responses → columns. */
export function encodeResponses(rows: readonly RequestResponse[]): ResponseColumns {
  const numbers = (of: (row: RequestResponse) => number): Uint8Array => toBytes(Uint32Array.from(rows, of));
  return create(ResponseColumnsSchema, {
    count: rows.length,
    requestIndex: numbers((row) => row.requestIndex),
    kind: Uint8Array.from(rows, ({ response }) => (response.kind === "text" ? TEXT : LOGPROB)),
    logprob: toBytes(Float64Array.from(rows, ({ response }) => (response.kind === "logprob" ? response.logprob : 0))),
    isGreedy: Uint8Array.from(rows, ({ response }) => (response.kind === "logprob" && response.isGreedy ? 1 : 0)),
    promptTokens: numbers(({ response }) => response.promptTokens),
    completionTokens: numbers(({ response }) => response.completionTokens),
    truncatedTokens: numbers(({ response }) => response.truncatedTokens),
    latencyUs: numbers(({ response }) => response.latencyUs),
    texts: encodeTexts(rows.map(({ response }) => (response.kind === "text" ? response.text : ""))),
    ...(rows.some(hasThought) ? { thinking: encodeTexts(rows.map(thinkingOf)) } : {}),
  });
}

function thinkingOf({ response }: RequestResponse): string {
  return response.kind === "text" ? (response.thinking ?? "") : "";
}

function hasThought(row: RequestResponse): boolean {
  return thinkingOf(row) !== "";
}

/** Checked read access to response columns. */
export interface ResponseRows {
  readonly count: number;
  readonly requestIndex: Uint32Array;
  readonly kind: Uint8Array;
  readonly logprob: Float64Array;
  readonly isGreedy: Uint8Array;
  readonly promptTokens: Uint32Array;
  readonly completionTokens: Uint32Array;
  readonly truncatedTokens: Uint32Array;
  readonly latencyUs: Uint32Array;
  readonly texts: TextRows;
  /** Null where no response has any. */
  readonly thinking: TextRows | null;
}

/** Checks response columns. Throws `badData` on lengths that disagree and on log-probabilities that are NaN or above 0. */
export function readResponses(columns: ResponseColumns): ResponseRows {
  const { count } = columns;
  const logprob = float64Column(columns.logprob, count, "logprob");
  for (const value of logprob) {
    if (!(value <= 0)) throw new MusterError("badData", `a log-probability of ${value}`);
  }
  return {
    count,
    logprob,
    requestIndex: uint32Column(columns.requestIndex, count, "request_index"),
    kind: uint8Column(columns.kind, count, "kind", LOGPROB),
    isGreedy: uint8Column(columns.isGreedy, count, "is_greedy", 1),
    promptTokens: uint32Column(columns.promptTokens, count, "prompt_tokens"),
    completionTokens: uint32Column(columns.completionTokens, count, "completion_tokens"),
    truncatedTokens: uint32Column(columns.truncatedTokens, count, "truncated_tokens"),
    latencyUs: uint32Column(columns.latencyUs, count, "latency_us"),
    texts: readTexts(columns.texts, count, "texts"),
    thinking: columns.thinking === undefined ? null : readTexts(columns.thinking, count, "thinking"),
  };
}

/** One row as a response. */
export function responseAt(rows: ResponseRows, row: number): EvaluationResponse {
  const cost = {
    promptTokens: rows.promptTokens[row]!,
    completionTokens: rows.completionTokens[row]!,
    truncatedTokens: rows.truncatedTokens[row]!,
    latencyUs: rows.latencyUs[row]!,
  };
  if (rows.kind[row] === TEXT) {
    const thinking = rows.thinking?.text(row) ?? "";
    return { kind: "text", text: rows.texts.text(row), ...(thinking === "" ? {} : { thinking }), ...cost };
  }
  return { kind: "logprob", logprob: rows.logprob[row]!, isGreedy: rows.isGreedy[row] === 1, ...cost };
}

/**
 * A 32-bit fingerprint of what a response says (not of what it cost), for telling equal answers from different ones
 * when a request was answered twice. FNV-1a over the kind, the log-probability's bits and the text; never 0.
 */
export function fingerprintResponse(rows: ResponseRows, row: number): number {
  let hash = 0x811c9dc5;
  const mix = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193);
  };
  mix(rows.kind[row]! * 2 + rows.isGreedy[row]!);
  for (const byte of toBytes(rows.logprob.subarray(row, row + 1))) mix(byte);
  for (const byte of rows.texts.bytes(row)) mix(byte);
  return hash >>> 0 || 1;
}
