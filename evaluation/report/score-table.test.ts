import { expect, test } from "vitest";
import { scoreTable } from "./score-table.ts";

const RESULTS = `{
  "results": {
    "b": {"name": "b", "alias": "B", "sample_len": 3, "acc,none": 1.0, "acc_stderr,none": "N/A"},
    "a": {"name": "a", "alias": "a", "sample_len": 5, "em,strict": NaN, "em_stderr,strict": 0.5, "em,loose": 0.25},
    "g": {"alias": "G", "name": "g", "sample_len": 3, "acc,none": 1.0, "sample_count": {"acc,none": 3}}
  },
  "group_subtasks": {"g": ["b"]},
  "versions": {"a": 3.0, "b": "Yaml", "g": "N/A"},
  "n-shot": {"a": 5, "b": 0},
  "higher_is_better": {"a": {"em": true}, "b": {"acc": false}, "g": {"acc": null}}
}`;

test("each number is a row; members stand below their group", () => {
  const short = scoreTable(RESULTS).map(({ alias, depth, metric, filter, value, standardError, ...rest }) => [
    alias,
    depth,
    metric,
    filter,
    value,
    standardError,
    rest.version,
    rest.shots,
    rest.isHigherBetter,
    rest.samples,
  ]);
  expect(short).toEqual([
    ["a", 0, "em", "strict", NaN, 0.5, "3.0", 5, true, 5],
    ["a", 0, "em", "loose", 0.25, null, "3.0", 5, true, 5],
    ["G", 0, "acc", "none", 1, null, "N/A", null, null, 3],
    ["B", 1, "acc", "none", 1, null, "Yaml", 0, false, 3],
  ]);
});
