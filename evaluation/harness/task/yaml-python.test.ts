// Random task files, read by PyYAML as the harness sets it up and by `readYaml`: never another value.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { type Grammar, readGrammar } from "../../../test/support/random-grammar.ts";
import { MusterError } from "../../../base/muster-error.ts";
import { PythonRandom } from "../python/random.ts";
import { repr } from "../python/represent.ts";
import { readYaml } from "./yaml-read.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 5);
const DOCUMENTS = 4000;

// ⏎ and ⇥ stand for a line feed and a tab, ‹ › ¦ for what the grammar needs itself.
const GRAMMAR: Grammar = {
  document: `
    <entry>
    <entry><entry>
    <entry><entry><entry>
    <entry><entry><entry><entry>
    ---⏎<entry><entry>
    %YAML 1.1⏎---⏎<entry><entry>
    # comment⏎<entry>⏎<entry>
    <entry><entry>...⏎
    <entry>---⏎<entry>`,
  entry: `
    <key>: <plain>⏎
    <key>: <plain> # note⏎
    <key>: <quoted>⏎
    <key>: <quoted>⏎
    <key>: <flow>⏎
    <key>: <block>
    <key>:⏎  - <plain>⏎  - <quoted>⏎  - <flow>⏎
    <key>:⏎- <plain>⏎- <key>: <plain>⏎  <key>: <quoted>⏎
    <key>:⏎  <key>: <plain>⏎  <key>: <flow>⏎
    <key>: &one {a: <plain>, b: <plain>}⏎<key>: *one⏎<key>: {‹‹: *one, b: <plain>}⏎
    <key>: &two [<plain>, <plain>]⏎<key>: [*two, <plain>]⏎
    <key>: &x⏎  a: 1⏎  b: <plain>⏎<key>:⏎  ‹‹: *x⏎  b: <plain>⏎  c: 3⏎
    <key>: &x {a: 1}⏎<key>: &y {a: 2, z: <plain>}⏎<key>:⏎  q: 1⏎  ‹‹: [*x, *y]⏎
    <key>: &s <plain>⏎<key>: *s⏎
    ? <plain>⏎: <plain>⏎
    <key>: <tag> <plain>⏎
    <key>: <tag> <quoted>⏎
    <key>: <plain>⏎  <plain>⏎
    <key>: <plain>⏎⏎  <plain>⏎
    <key> : <plain>⏎
    <key>:<plain>⏎
    <key>:⇥<plain>⏎
    <key>: <block>
    "<key>": <plain>⏎`,
  key: `
    a
    <a|b|c|task|doc_to_text|until|=|‹‹|->
    <b|c|1|1.0|yes|no|null|~|010|on|1e3|.5|1_0|12:30|"a"|'b'|é|x y|-a|?b|a-b|a.b>`,
  plain: `
    <word>
    <word>
    <number>
    <number>
    <special>
    <word> <word>
    <word>, <word>`,
  word: `
    a
    <no|No|NO|nO|yes|y|n|Y|N|on|off|ON|oFF|true|True|tRUE|false|null|Null|nULL|NULL|~|~~|None|nan|.nan|.NaN|.NAN|.Nan|inf|.inf|-.inf|+.inf|.Inf|-.INF|.INf|=|‹‹|››>
    <-|--|---|...|?|a:b|a#b|a # b|http://x|-a|?a|:a|a:|{{x}}|x}|x]|a]b|!a|%a|@a|\`a|&a|*a|a&b|a*b|a!b|"a|'a|a"b|it's|é|😀|\\n|#>`,
  number: `
    1
    <1|0|00|010|-010|+010|08|018|0o10|0x1f|0X1F|-0x1f|0x|0b101|-0b1|0b|0b_|0x_|0b2|1_000|_1|1_|1__0|-1_0|+1|-1|- 1|+-1|0_|0_7|00_7|-0|+0|1,000|9999999999999999999999>
    <1e5|1e-5|1.0e5|1.0e+5|1.e-5|1.5e-3|-1.5e-3|+1.5E+3|.5|-.5|+.5|.5e1|.5e+1|5.|-5.|1_0.5|1._5|1_.5|._5|.|..|1.2.3|1.0_1e+1_0|0.1|00.1|01.5|1e|e5|.e5|1.e|1E5|12e03|1.7976931348623157e+309|4.9e-325>
    <12:30:45|12:30|1:60|0:30|-1:30|+1:30|1:5:09|190:20:30|12:30:45.6|1:2:30.1|3:59:59.9|1:30.5|-1:30.25|01:30|1_0:30|12:30:|:30|1:2:3:4|12:99|0:0|12:30.>`,
  special: `
    a
    <2001-12-14|2024-02-29|2023-02-29|0000-01-01|0999-12-31|2001-1-1|2001-12-14t21:59:43.10-05:00|2001-12-14 21:59:43.10 -5|2001-12-15 2:59:43.10|2001-13-01|2001-02-30|20011214|2001-12-14T21:59:43Z|1-1-1|2001-12-14 >`,
  tag: `
    !!str
    <!!str|!!int|!!float|!!bool|!!null|!|!function|!!seq|!!map|!foo|!!binary|!‹tag:yaml.org,2002:str›|!!timestamp>`,
  quoted: `
    "a"
    "<escaped><escaped>"
    "<escaped>⏎  <escaped>"
    "<escaped> ⏎⏎  <escaped>"
    "<escaped>\\\n  <escaped>"
    '<single><single>'
    '<single>⏎  <single>'
    '<single>⏎⏎⏎ <single>'
    "<escaped>⏎<escaped>"`,
  escaped: `
    a
    <\\n|\\t|\\\\|\\"|\\x41|\\u00e9|\\U0001F600|\\0|\\a|\\e|\\N|\\_|\\L|\\P|\\/|\\ |\\q|\\x4|\\ud800|\\ud83d\\ude00|{|}|[|]|: |#| #|'|é|😀|, | - |a: b|  |%>`,
  single: `
    a
    <''|"|\\n|\\|: | #|{|}|é|, |it''s|  |⇥|a|'|%>`,
  flow: `
    []
    <{}|[]|[ ]|{ }|[,]|[a,]|{a,}|{a, b}|[a: b]|{a: }|{a:}|{a:1}|{"a":1}|{"a": 1}|[a b]|[[a], [b]]|{a: {b: c}}|[-1]|[- 1]|[a #x⏎]>
    [<plain>, <quoted>]
    [<plain>, <plain>, <plain>]
    {a: <plain>, <key>: <quoted>}
    {a: <plain>, a: <plain>}
    [<flow>, <flow>]
    [<plain>,⏎  <plain>]
    {a: <plain>,⏎<key>: <plain>}
    [<plain>,⏎<plain>⏎]
    {<key>: <flow>, <plain>}
    ["<escaped>", '<single>']`,
  block: `
    <¦|›><|-|+|2|1-|+1>⏎  <line>⏎  <line>⏎
    <¦|›><|-|+>⏎  <line>⏎⏎   <line>⏎⏎⏎
    <¦|›><|-|+>⏎   <line>⏎  <line>⏎
    <¦|›><|-|+> # note⏎  <line>⏎    <line>⏎  <line>⏎
    <¦|›><|-|+>⏎⏎  <line>⏎ # c⏎
    <¦|›><|-|+>⏎<line>⏎
    <¦|›><|-|+>⏎  <line>⏎⇥<line>⏎`,
  line: `
    a
    <a b|a |a: b|# x|- a|{{x}}|é|'|"|\\n|  a|⇥a|---|...|%>`,
};

const SCALARS =
  "no No NO nO yes y n on off oN true True tRUE null Null nULL NULL ~ ~~ None nan .nan .NaN .inf -.inf +.inf .INF = << " +
  "0 00 010 -010 +010 08 018 0o10 0x1f 0X1F -0x1f 0x 0x_ 0b101 -0b1 0b 0b_ 0b2 1_000 _1 1_ 1__0 -1_0 +1 -0 0_ 0_7 00_7 " +
  "1,000 9999999999999999999999 1e5 1e-5 1E5 1.0e5 1.0e+5 1.e-5 -1.5e-3 .5 -.5 +.5 .5e1 .5e+1 5. -5. 1_0.5 1._5 ._5 . " +
  "1.2.3 1.0_1e+1_0 0.1 00.1 01.5 e5 1e400 1.7976931348623157e+309 4.9e-325 12:30:45 12:30 1:60 0:30 -1:30 1:5:09 " +
  "190:20:30 12:30:45.6 1:2:30.1 3:59:59.9 59:59:59.999 -1:30.25 1_0:30 12:30. 0:0 1:2:3:4.7 2001-12-14 2024-02-29 " +
  "2023-02-29 1900-02-29 2000-02-29 2001-04-31 2001-12-00 2001-13-01 0000-01-01 0999-12-31 2001-1-1 20011214 2001-12-14T21:59:43Z é 😀 a#b a:b http://x";
/** May be refused by name although PyYAML has a value: times of day, and odd spellings of numbers behind a tag. */
const REFUSED = /T21:59:43Z|!!(?:int|float) /;

const PROGRAM = `
import importlib.util, json, sys, yaml
from pathlib import Path
# The file alone: importing the harness takes seconds.
folder = importlib.util.find_spec("lm_eval").submodule_search_locations[0]
spec = importlib.util.spec_from_file_location("yaml_loader", folder + "/tasks/_yaml_loader.py")
yaml_loader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(yaml_loader)
Loader = yaml_loader._make_loader(Path("/folder"), resolve_funcs=False)
def answer(text):
    try:
        return [repr(yaml.load(text.encode(), Loader=Loader)), None]
    except Exception as error:
        return [None, type(error).__name__]
json.dump([answer(text) for text in json.load(sys.stdin)], sys.stdout)
`;

function askHarness(texts: readonly string[]): readonly (readonly [string | null, string | null])[] {
  const options = { input: JSON.stringify(texts), encoding: "utf8", maxBuffer: 1 << 28 } as const;
  return JSON.parse(execFileSync(python!, ["-c", PROGRAM], options)) as [string | null, string | null][];
}

function ours(text: string): string | null {
  try {
    return repr(readYaml(text, { file: "task.yaml", resolveFunction: (reference) => `/folder/${reference}` }));
  } catch (error) {
    if (!(error instanceof MusterError) || error.kind !== "badData") throw error;
    return null;
  }
}

describe.skipIf(python === null)(`YAML and PyYAML (MUSTER_TEST_SEED=${seed})`, () => {
  test(`${DOCUMENTS} random files mean what PyYAML makes of them, or are refused`, () => {
    const random = new PythonRandom(seed);
    const grammar = readGrammar(GRAMMAR, 6);
    const characters = { "⏎": "\n", "⇥": "\t", "‹": "<", "›": ">", "¦": "|" };
    const texts = Array.from({ length: DOCUMENTS }, () =>
      grammar(random, "document").replaceAll(/[⏎⇥‹›¦]/g, (sign) => characters[sign as keyof typeof characters]),
    );
    const counts = { same: 0, bothRefuse: 0, refused: 0, taken: 0 };
    const wrong = askHarness(texts).flatMap(([theirs], at) => {
      const text = texts[at]!;
      const found = ours(text);
      if (found === theirs) counts[found === null ? "bothRefuse" : "same"] += 1;
      else if (found === null) counts.refused += 1;
      else if (theirs === null) counts.taken += 1;
      else return [{ text, found, theirs }];
      return [];
    });
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(counts.same).toBeGreaterThan(DOCUMENTS / 3);
    expect(counts.refused).toBeLessThan(DOCUMENTS / 12);
    // Structures that libyaml finds too odd; nothing that it takes is read otherwise.
    expect(counts.taken).toBeLessThan(DOCUMENTS / 400);
  });

  test("every kind of scalar, plain, quoted and tagged, has PyYAML's value", () => {
    const words = SCALARS.split(" ");
    const forms = ["#", "'#'", '"#"', "!!int #", "!!float #", "!!bool #", "!!null #", "!!str #", "! #"];
    const texts = words.flatMap((word) => forms.map((form) => `key: ${form.replace("#", word)}\n`));
    const asked = askHarness(texts);
    const wrong = texts.filter((text, at) => {
      const [theirs] = asked[at]!;
      const found = ours(text);
      return found !== theirs && !(found === null && REFUSED.test(text));
    });
    expect(wrong).toEqual([]);
  });
});
