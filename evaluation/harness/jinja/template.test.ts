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
  ["{{ d.a }}{{ d['a'] }}{{ d.get('b') }}", '{"d": {"a": null}}', "NoneNoneNone"],
  ["{% for x in l %}{{loop.index}}{{x}}{% if not loop.last %}, {% endif %}{% endfor %}", '{"l": ["p", "q"]}', "1p, 2q"],
  ["{{ 'yes' if a is defined else 'no' }}", "{}", "no"],
  ["{{ a|default('x') }}{{ l|map('upper')|join('-') }}", '{"l": ["p", "q"]}', "xP-Q"],
  ["{{ s.strip().split(' ')[0]|capitalize }}", '{"s": " abc def "}', "Abc"],
  ["a\n{%- if true %} b{% endif %}\n", "{}", "a b\n"],
  ["{{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 7 % 3 }} {{ 1 ~ 'a' }}", "{}", "3 3.5 8 1 1a"],
  ["{{ 'b' in d }} {{ d.items()|list }}", '{"d": {"b": 1}}', "True [('b', 1)]"],
  ["{{ s|regex_replace('[0-9]+', '#') }}", '{"s": "a1b22"}', "a#b#"],
  ["{{ l|sort }} {{ l|max }} {{ l|unique|list }}", '{"l": ["b", "A", "a"]}', "['A', 'a', 'b'] b ['b', 'A']"],
  [
    "{{ rows|selectattr('n', 'gt', 1)|map(attribute='t')|join }}",
    '{"rows": [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}]}',
    "b",
  ],
  ["{{ l|batch(2, '-')|list }}{{ l|slice(2)|list }}", '{"l": [1, 2, 3]}', "[[1, 2], [3, '-']][[1, 2], [3]]"],
  ["{{ d|tojson }}", '{"d": {"b": "<\'", "a": 1.0}}', '{"a": 1.0, "b": "\\u003c\\u0027"}'],
  ["{{ '{} of {}'.format(1, 2.0) }} {{ 2.675|round(2) }} {{ '0x1f'|int(0, 16) }}", "{}", "1 of 2.0 2.67 31"],
])("%s renders as Python renders it", (template, document, text) => {
  expect(render(template, document)).toBe(text);
});

test("a loop's names end with each turn, and only a namespace carries values out of it", () => {
  expect(render("{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + 1 %}{% endfor %}{{ x }}", "{}")).toBe("111");
  const counted = "{% set n = namespace(v=0) %}{% for x in l %}{% set n.v = n.v + x %}{% endfor %}{{ n.v }}";
  expect(render(counted, '{"l": [1, 2]}')).toBe("3");
});

test("a name that the template sets later is no column above it", () => {
  expect(errorOf("{% for i in [1] %}{{ x }}{% endfor %}{% set x = 2 %}", '{"x": 1}')).toMatch(/^UndefinedError/);
  expect(render("{{ x }}{% set x = 2 %}{{ x }}", '{"x": 1}')).toBe("12");
});

test("filters and loop conditions look at one value at a time", () => {
  expect(render("{{ [1, 'x', none]|map('abs')|first }}", "{}")).toBe("1");
  const stopped =
    "{% set n = namespace(go=true) %}{% for i in [1, 2, 3] if n.go %}{{ i }}{% set n.go = i < 2 %}{% endfor %}";
  expect(render(stopped, "{}")).toBe("12");
});

test("an undefined name is an error when it is used, an inline if without else prints nothing", () => {
  expect(errorOf("{{ missing }}")).toBe("UndefinedError: 'missing' is undefined");
  expect(render("[{{ 'x' if false }}]{{ missing is defined }}", "{}")).toBe("[]False");
});

test("what is not done exactly is refused by name when the template is compiled", () => {
  expect(errorOf("{{ a|xmlattr }}")).toMatch(/^Unsupported: .*xmlattr/);
  expect(errorOf("{% macro m() %}{% endmacro %}")).toMatch(/^Unsupported: .*macro/);
});

test("a method that would change a document is refused", () => {
  expect(errorOf("{{ l.append(1) }}", '{"l": []}')).toMatch(/^Unsupported: .*append/);
});

test("a broken template is a syntax error with its line", () => {
  expect(errorOf("a\n{{ b")).toMatch(/^TemplateSyntaxError: line 2/);
  expect(errorOf("{% if a %}")).toMatch(/^TemplateSyntaxError: .*endif/);
});
