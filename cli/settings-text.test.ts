import { expect, test } from "vitest";
import { parseSettings } from "./settings-text.ts";

test.each([
  ["temperature=0,max_gen_toks=64", '{"temperature": 0, "max_gen_toks": 64}'],
  // Python's float(), so that the harness's files show 1.0 and not 1.
  ["temperature=1.0,top_p=1e-1", '{"temperature": 1.0, "top_p": 0.1}'],
  ["do_sample=True,echo=false", '{"do_sample": true, "echo": false}'],
  ['stop=["a,b", "c"],n=-1', '{"stop": ["a,b", "c"], "n": -1.0}'],
  ["name=abc,nothing=None", '{"name": "abc", "nothing": null}'],
  ['{"temperature": 1.0, "until": ["\\n"]}', '{"temperature": 1.0, "until": ["\\n"]}'],
])("%s is read as the harness reads it", (text, json) => {
  expect(parseSettings([text], "--gen-kwargs")).toBe(json);
});

test("later settings win over earlier ones", () => {
  expect(parseSettings(["a=1,b=2", "b=3"], "--gen-kwargs")).toBe('{"a": 1, "b": 3}');
});

test.each(["temperature", "{bad json}", "[1]"])("%s is refused, naming the option", (text) => {
  expect(() => parseSettings([text], "--gen-kwargs")).toThrow(/^--gen-kwargs .* cannot be read/);
});
