import { sha256Hex } from "../../../base/sha256.ts";
import type { FilterFactory } from "../scoring/response-filter.ts";
import { mapRegexFilter, numberParseRegexFilter, sentenceChoiceFilter, wordSortFilter } from "./sentence-filters.ts";

/** Native ports by the SHA-256 of the Python class's text, as `inspect.getsource` gives it, without the last line's end. */
const PORTS: ReadonlyMap<string, FilterFactory> = new Map([
  ["3c0715dfe077408dcc0e5b16ed32958b0595d3cc8748285e1668cc7bd654f922", mapRegexFilter],
  ["e2118f69318d3f779f4e94523e92c064d035867fc9689905094e92823e0360f0", numberParseRegexFilter],
  ["7d735bdf06b010b76df9a57510344abb9666a8b2cc106b7ec9ee70da17b2f5a6", wordSortFilter],
  ["2c4d385027fc7c712555372023a5ff494c0a1f9a8af38cc972f34197edba2adf", sentenceChoiceFilter],
]);

/** The port of a Python filter class, given its text; undefined where there is none. */
export function findFilterPort(source: string): FilterFactory | undefined {
  return PORTS.get(sha256Hex(source.trimEnd()));
}
