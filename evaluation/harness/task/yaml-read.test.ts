import { expect, test } from "vitest";
import { makeFloat, type PythonValue } from "../python/value.ts";
import { readYaml } from "./yaml-read.ts";

function read(text: string): PythonValue {
  return readYaml(text, { file: "task.yaml", resolveFunction: (reference) => `function ${reference}` });
}

const float = (value: number): PythonValue => makeFloat(value);

test.each<[string, PythonValue]>([
  ["yes", true],
  ["Off", false],
  ["y", "y"],
  ["~", null],
  ["", null],
  ["010", 8],
  ["08", "08"],
  ["0x1F", 31],
  ["1_000", 1000],
  ["1:30", 90],
  ["1e5", "1e5"],
  ["1.0e+5", float(100000)],
  ["1.", float(1)],
  [".inf", Number.POSITIVE_INFINITY],
  ["'010'", "010"],
  ['"yes"', "yes"],
  ["!function module.name", "function module.name"],
  ["[a, 1, null]", ["a", 1, null]],
])("%j is read as PyYAML reads it", (text, value) => {
  expect(read(`key: ${text}\n`)).toEqual(new Map([["key", value]]));
});

test("of repeated keys the last counts, of merged mappings the first, own keys over both", () => {
  const text = "one: &one {a: 1, b: 1}\ntwo: &two {a: 2, c: 2}\nall: {<<: [*one, *two], b: 9}\nx: 1\nx: 2\n";
  const document = read(text) as Map<PythonValue, PythonValue>;
  expect(document.get("all")).toEqual(new Map([["a", 1], ["c", 2], ["b", 9]])); // prettier-ignore
  expect(document.get("x")).toBe(2);
});

test("a quoted text may go on at the margin, and a bracket in it stays text", () => {
  expect(read('a: "first\nsecond\n\nthird"\nb: "{\n  x\n}"\n')).toEqual(
    new Map([
      ["a", "first second\nthird"],
      ["b", "{ x }"],
    ]),
  );
});

test.each([
  ["a: 1\nb: c: d\n", 2],
  ["a: 1\nb: [1, 2\nc: 3\n", 3],
  ["a: 1\n\t- b\n", 2],
  ["a: *nowhere\n", 1],
  ["a: 2024-01-01\n", 1],
  ["a: 1\nb: !!set {x}\n", 2],
])("malformed YAML names file and line: %j", (text, line) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ kind: "badData" }));
  expect(() => read(text)).toThrow(new RegExp(`^task\\.yaml:${line} is not valid YAML`));
});
