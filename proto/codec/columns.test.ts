import * as fc from "fast-check";
import { expect, test } from "vitest";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { EvaluationRequest, GenerationSettings } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { RequestColumnsSchema, ResponseColumnsSchema } from "../gen/muster/v1/columns_pb.js";
import { encodeRequests, readRequests, requestAt, selectRequests } from "./request-columns.ts";
import { encodeResponses, fingerprintResponse, readResponses, responseAt } from "./response-columns.ts";

const generations: GenerationSettings[] = [
  { until: ["\n"], maxTokens: null, temperature: 0, extra: {} },
  { until: [], maxTokens: 7, temperature: 0.5, extra: { top_p: 0.9 } },
];
// The wire is UTF-8: a lone surrogate cannot be carried.
const text = fc.string({ unit: "binary", maxLength: 12 }).map((value) => value.toWellFormed());
const count = fc.nat({ max: 0xffffffff });

const request = fc.record({
  context: fc.constantFrom("", "a shared context ☃").chain((shared) => text.map((own) => shared + own)),
  continuation: text,
  generation: fc.constantFrom(0, 1, null),
});

function makeRequests(
  rows: readonly { context: string; continuation: string; generation: number | null }[],
): { sampleIndex: number; request: EvaluationRequest }[] {
  return rows.map((row, index) => ({
    sampleIndex: index >> 1,
    request:
      row.generation === null
        ? { index, kind: "loglikelihood", context: row.context, continuation: row.continuation }
        : {
            index,
            kind: "generate_until",
            context: row.context,
            continuation: "",
            generation: generations[row.generation]!,
          },
  }));
}

test("requests come back from their columns as they were", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), (rows) => {
      const requests = makeRequests(rows);
      const bytes = toBinary(RequestColumnsSchema, encodeRequests(requests, generations));
      const read = readRequests(fromBinary(RequestColumnsSchema, bytes));
      expect(Array.from({ length: read.count }, (_, row) => requestAt(read, row, generations))).toEqual(requests);
    }),
  );
});

test("chosen rows of request columns are the same requests, each context once", () => {
  const requests = makeRequests([
    { context: "same", continuation: " a", generation: null },
    { context: "same", continuation: " b", generation: null },
    { context: "other", continuation: "", generation: 1 },
  ]);
  const rows = readRequests(selectRequests(readRequests(encodeRequests(requests, generations)), [2, 0, 1]));
  expect([0, 1, 2].map((row) => requestAt(rows, row, generations))).toEqual([requests[2], requests[0], requests[1]]);
  expect(rows.contexts.count).toBe(2);
});

const response: fc.Arbitrary<EvaluationResponse> = fc
  .tuple(fc.boolean(), text, fc.double({ max: 0, noNaN: true }), fc.boolean(), fc.tuple(count, count, count, count))
  .map(([isText, value, logprob, isGreedy, [promptTokens, completionTokens, truncatedTokens, latencyUs]]) => {
    const cost = { promptTokens, completionTokens, truncatedTokens, latencyUs };
    const thinking = isGreedy ? { thinking: `t${value}` } : {};
    return isText
      ? { kind: "text", text: value, ...thinking, ...cost }
      : { kind: "logprob", logprob, isGreedy, ...cost };
  });

test("responses come back from their columns to the last bit", () => {
  fc.assert(
    fc.property(fc.array(response, { maxLength: 20 }), (responses) => {
      const rows = responses.map((value, requestIndex) => ({ requestIndex, response: value }));
      const read = readResponses(
        fromBinary(ResponseColumnsSchema, toBinary(ResponseColumnsSchema, encodeResponses(rows))),
      );
      expect(Array.from({ length: read.count }, (_, row) => responseAt(read, row))).toEqual(responses);
    }),
  );
});

test("a fingerprint tells answers apart and ignores what they cost", () => {
  const make = (logprob: number, latencyUs: number, isGreedy = false): number =>
    fingerprintResponse(
      readResponses(
        encodeResponses([
          {
            requestIndex: 0,
            response: {
              kind: "logprob",
              logprob,
              isGreedy,
              promptTokens: 1,
              completionTokens: 1,
              truncatedTokens: 0,
              latencyUs,
            },
          },
        ]),
      ),
      0,
    );
  expect(make(-1.5, 10)).toBe(make(-1.5, 99));
  expect(make(-1.5, 10)).not.toBe(make(-1.5000000000000002, 10));
  expect(make(-1.5, 10)).not.toBe(make(-1.5, 10, true));
});

test("columns that contradict their count are refused", () => {
  const good = encodeResponses([
    {
      requestIndex: 3,
      response: { kind: "text", text: "x", promptTokens: 1, completionTokens: 1, truncatedTokens: 0, latencyUs: 1 },
    },
  ]);
  const broken = (change: Partial<typeof good>) => () =>
    readResponses(create(ResponseColumnsSchema, { ...good, ...change }));
  expect(broken({ count: 2 })).toThrow(/logprob has 8 bytes where 2 rows need 16/);
  expect(broken({ kind: new Uint8Array([2]) })).toThrow(/kind holds 2/);
  expect(broken({ texts: { ...good.texts!, utf8: new Uint8Array(5) } })).toThrow(/do not cover/);
  expect(broken({ logprob: new Uint8Array(new Float64Array([NaN]).buffer) })).toThrow(/log-probability of NaN/);
  expect(broken({ logprob: new Uint8Array(new Float64Array([0.5]).buffer) })).toThrow(/log-probability of 0.5/);
});

test("request columns that refer to what is not there are refused", () => {
  const good = encodeRequests(makeRequests([{ context: "c", continuation: "k", generation: null }]), generations);
  const broken = (change: Partial<typeof good>) => () =>
    readRequests(create(RequestColumnsSchema, { ...good, ...change }));
  expect(broken({ contextIndex: new Uint8Array([1, 0, 0, 0]) })).toThrow(/context_index 1 of 1/);
  expect(broken({ kind: new Uint8Array([3]) })).toThrow(/kind holds 3/);
  const generation = encodeRequests(makeRequests([{ context: "c", continuation: "", generation: 1 }]), generations);
  expect(() => requestAt(readRequests(generation), 0, [])).toThrow(/no generation settings/);
});

test("columns are read wherever their bytes lie, also inside Node's buffers", () => {
  const answer = { kind: "logprob", logprob: -1.5, isGreedy: true } as const;
  const cost = { promptTokens: 1, completionTokens: 1, truncatedTokens: 0, latencyUs: 1 };
  const columns = encodeResponses([{ requestIndex: 3, response: { ...answer, ...cost } }]);
  const bytes = toBinary(ResponseColumnsSchema, columns);
  for (let shift = 0; shift < 8; shift++) {
    const shifted = Buffer.alloc(bytes.length + shift);
    shifted.set(bytes, shift);
    const rows = readResponses(fromBinary(ResponseColumnsSchema, shifted.subarray(shift)));
    expect(responseAt(rows, 0)).toMatchObject(answer);
  }
});
