import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatPythonJson } from "../harness/python/json-format.ts";
import { parsePythonJson } from "../harness/python/json-parse.ts";
import { indentJson } from "./indent-json.ts";

test("indenting the text of any JSON gives what printing its value with an indent gives", () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: "medium", stringUnit: "binary" }), (json) => {
      const value = parsePythonJson(JSON.stringify(json));
      const line = formatPythonJson(value, { ensureAscii: false });
      expect(indentJson(line)).toBe(formatPythonJson(value, { ensureAscii: false, indent: 2 }));
    }),
  );
});

test("floats keep Python's spelling, and braces inside texts are texts", () => {
  const line = String.raw`{"a": 1.0, "b": [1e-07, {}, []], "c": "{\"x\": [1, 2]}, \\", "d": NaN}`;
  expect(indentJson(line)).toBe(
    String.raw`{
  "a": 1.0,
  "b": [
    1e-07,
    {},
    []
  ],
  "c": "{\"x\": [1, 2]}, \\",
  "d": NaN
}`,
  );
});
