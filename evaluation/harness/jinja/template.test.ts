import { expect, test } from "vitest";
import { parsePythonJson } from "../python/json-parse.ts";
import { PythonError } from "../python/python-error.ts";
import type { PythonDict } from "../python/value.ts";
import { compileTemplate } from "./template.ts";

function render(template: string, document: string): string {
  return compileTemplate(template).render(parsePythonJson(document) as PythonDict);
}

function errorOf(template: string, document = "{}"): string {
  try {
    return `no error: ${render(template, document)}`;
  } catch (error) {
    if (error instanceof PythonError) return `${error.type}: ${error.message}`;
    throw error;
  }
}

test.each([
  ["{{a}} {{b}} {{c}} {{d}}", '{"a": 1.0, "b": null, "c": true, "d": [1, "x", 2.5]}', "1.0 None True [1, 'x', 2.5]"],
  ["{{choices[0]}}{{choices[-1]}}{{choices[1:]}}", '{"choices": ["a", "b", "c"]}', "ac['b', 'c']"],
  ["{{c.text[c.label.index(k)]}}", '{"c": {"label": ["A", "B"], "text": ["x", "y"]}, "k": "B"}', "y"],
  ["{% for x in l %}{{loop.index}}{{x}}{% if not loop.last %}, {% endif %}{% endfor %}", '{"l": ["p", "q"]}', "1p, 2q"],
  ["{% set n = namespace(v=0) %}{% for x in l %}{% set n.v = n.v + x %}{% endfor %}{{n.v}}", '{"l": [1, 2]}', "3"],
  ["{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{x}}", "{}", "1"],
  ["{{ 'yes' if a is defined else 'no' }}", "{}", "no"],
  ["{{ a|default('x') }}{{ l|map('upper')|join('-') }}", '{"l": ["p", "q"]}', "xP-Q"],
  ["{{ s.strip().split(' ')[0]|capitalize }}", '{"s": " abc def "}', "Abc"],
  ["a\n{%- if true %} b{% endif %}\n", "{}", "a b\n"],
  ["{{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 7 % 3 }} {{ 1 ~ 'a' }}", "{}", "3 3.5 8 1 1a"],
  ["{{ 'b' in d }} {{ d.items()|list }}", '{"d": {"b": 1}}', "True [('b', 1)]"],
  ["{{ s|regex_replace('[0-9]+', '#') }}", '{"s": "a1b22"}', "a#b#"],
])("%s renders as Python renders it", (template, document, text) => {
  expect(render(template, document)).toBe(text);
});

test("an undefined name is an error when it is used", () => {
  expect(errorOf("{{ missing }}")).toBe("UndefinedError: 'missing' is undefined");
});

test("what is not done exactly is refused by name when the template is compiled", () => {
  expect(errorOf("{{ a|xmlattr }}")).toMatch(/^Unsupported: .*xmlattr/);
  expect(errorOf("{% macro m() %}{% endmacro %}")).toMatch(/^Unsupported: .*macro/);
});

test("a method that would change a document is refused", () => {
  expect(errorOf("{{ l.append(1) }}", '{"l": []}')).toMatch(/^Unsupported: .*append/);
});
