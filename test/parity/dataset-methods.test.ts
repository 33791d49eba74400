// Programs on data sets that the real `datasets` runs and that are run here: the same rows, in columns of the same order.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { PythonProgram } from "../../evaluation/harness/python-code/program.ts";
import { repr } from "../../evaluation/harness/python/represent.ts";
import { harnessPython } from "../support/harness-python.ts";

/** Bodies of a function `g(d)` that is mapped over the rows. */
const MAPPED: readonly string[] = [
  "return {'n': len(d['a'])}",
  "d.pop('a')\nreturn d",
  "d.pop('a')\nreturn {'z': 1}",
  "d['b'] = 7\nreturn {'z': d['b']}",
  "d['new'] = d.pop('a')\nd['b'] += 1\nreturn d",
  "a = d.pop('a')\nd['a'] = a + '!'\nreturn d",
  "del d['b']\nd['first'] = d['list'][0]\nreturn d",
  "d['list'].append(9)\nreturn {}",
  "d['list'] = (1, 2)\nreturn dict(d)",
  "d['z'] = 1\nreturn {'y': 2, 'a': 'x'}",
  "d.update({'b': 3, 'q': None})\nreturn d",
];
const REMOVING: readonly string[] = [
  "return {'a': 'kept'}",
  "d['a']\nd['b']\nreturn d",
  "d['z'] = 1\nreturn {'b': d['b']}",
];

function moduleOf(body: string, settings: string): string {
  const rows = "[{'a': 'x', 'b': 1, 'list': [1, 2]}, {'a': 'yy', 'b': 2, 'list': [3]}]";
  const lines = [
    `def g(d):`,
    body.replaceAll(/^/gm, "    "),
    `data = datasets.Dataset.from_list(${rows}).map(g${settings})`,
  ];
  return `import datasets\ndef f():\n${lines.join("\n").replaceAll(/^/gm, "    ")}\n    return data.column_names, data.to_list()\n`;
}

const PROGRAM = `
import datasets, json, sys
datasets.disable_progress_bars()
def run(source):
    names = {}
    exec(source, names)
    return repr(names["f"]())
json.dump([run(source) for source in json.load(sys.stdin)], sys.stdout)
`;

const python = harnessPython();

test.skipIf(python === null)(
  "Dataset.map gives what `datasets` gives, whatever a function does to its argument",
  () => {
    const sources = [
      ...MAPPED.map((body) => moduleOf(body, "")),
      ...REMOVING.map((body) => moduleOf(body, ", remove_columns=['a']")),
    ];
    const output = execFileSync(python!, ["-c", PROGRAM], { input: JSON.stringify(sources), encoding: "utf8" });
    const expected = JSON.parse(output) as string[];
    sources.forEach((source, index) => {
      const program = new PythonProgram({ readText: (file) => (file === "/tasks/t/m.py" ? source : null) });
      expect(repr(program.call(program.find("/tasks/t/m.py", "f"))), source).toBe(expected[index]);
    });
  },
);
