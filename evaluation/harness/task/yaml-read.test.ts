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

test("of repeated keys the last counts, and a mapping's own keys count over merged ones", () => {
  const text = "one: &one {aa: 1, bb: 1}\nall: {<<: *one, bb: 9, cc: 2}\nx: 1\nx: 2\n";
  const document = read(text) as Map<PythonValue, PythonValue>;
  expect(document.get("all")).toEqual(new Map([["aa", 1], ["bb", 9], ["cc", 2]])); // prettier-ignore
  expect(document.get("x")).toBe(2);
});

test("what versions of PyYAML merge differently is refused by name", () => {
  const anchors = "one: &one {aa: 1}\ntwo: &two {aa: 2}\n";
  expect(() => read(`${anchors}all: {<<: [*one, *two]}\n`)).toThrow(/^task\.yaml:3 .* aa is merged from two mappings/);
  expect(read(`${anchors}all: {<<: [*one, *two], aa: 3}\n`)).toEqual(
    new Map<PythonValue, PythonValue>([
      ["one", new Map([["aa", 1]])],
      ["two", new Map([["aa", 2]])],
      ["all", new Map([["aa", 3]])],
    ]),
  );
  expect(() => read("one: &one {aa: 1, aa: 2}\nall: {<<: *one}\n")).toThrow(/has a key twice/);
});

test("a byte-order mark and every kind of line end are read as PyYAML reads them", () => {
  const value = new Map<PythonValue, PythonValue>([
    ["a", "first second"],
    ["b", "x\ny\n"],
  ]);
  const text = "\uFEFFa: first\n  second\nb: |\n  x\n  y\n";
  for (const lineEnd of ["\n", "\r\n", "\r"]) expect(read(text.replaceAll("\n", lineEnd))).toEqual(value);
});

test("brackets may go on and close at the margin", () => {
  const entry = new Map([["metric", "acc"]]);
  expect(read("list: [\n{metric: acc},\n\n# note\n{metric: acc}\n]\nnext: [a,\nb]\nlast: 1\n")).toEqual(
    new Map<PythonValue, PythonValue>([
      ["list", [entry, entry]],
      ["next", ["a", "b"]],
      ["last", 1],
    ]),
  );
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
  ["a: 2024-01-01T10:00:00Z\n", 1],
  ["a: 2023-02-29\n", 1],
  ["a: 1\n---\nb: 2\n", 2],
  ["a: 1\nb: \u0007\n", 2],
  ["a: &x 1\nb: &x 2\n", 2],
  ['a: 1\nb: "\\ud83d\\ude00"\n', 2],
  ["a: 1\nb: !!set {x}\n", 2],
])("malformed YAML names file and line: %j", (text, line) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ kind: "badData" }));
  expect(() => read(text)).toThrow(new RegExp(`^task\\.yaml:${line} is not valid YAML`));
});
