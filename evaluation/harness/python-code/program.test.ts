// Code that real Python runs and that is run here: the same results, the same exceptions, and by name what is refused.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { PythonError } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { PythonProgram } from "./program.ts";

/** Bodies of a function `f()`. */
const BODIES: readonly string[] = [
  "a, *b = [1, 2, 3]\n(c, d), e = ('xy', 5)\nreturn a, b, c, d, e",
  "x = y = [1]\nx += [2]\ny.append(3)\nreturn x, x is y",
  "total = 0\nfor i in range(10):\n    if i == 3: continue\n    if i == 7: break\n    total += i\nelse:\n    total = -1\nreturn total",
  "for i in range(3): pass\nelse: i = 'done'\nreturn i",
  "n = 5\nout = []\nwhile n:\n    n -= 2 if n > 2 else 1\n    out.append(n)\nreturn out",
  "return [x * y for x in range(4) if x % 2 for y in (1, 2.5) if x != y], {k: v for k, v in zip('ab', [1, None])}, sorted({3, 1, 2})",
  "return sum(x ** 2 for x in [1, 2, 3]), max('b', 'a', key=lambda s: -ord(s)), min([3, 1, 2]), abs(-2.5), round(2.5), round(2.675, 2)",
  "def g(a, b=2, *rest, c, d=4, **others):\n    return a, b, rest, c, d, others\nreturn g(1, c=3), g(1, 2, 3, 4, c=5, z=6), g(*[1, 2], **{'c': 1})",
  "def outer():\n    n = [0]\n    def inner():\n        n[0] += 1\n        return n[0]\n    inner()\n    return inner()\nreturn outer()",
  "try:\n    int('x')\nexcept (TypeError, ValueError):\n    r = 'bad'\nelse:\n    r = 'good'\nfinally:\n    s = 1\nreturn r, s",
  "try:\n    {}['k']\nexcept LookupError as e:\n    return type(e) is not None if False else 'lookup'",
  "raise ValueError('no')",
  "return [1, 2][5]",
  "return {'a': 1}['b']",
  "return 1 / 0",
  "return 'a' + 1",
  "return None.strip()",
  "x = 1\ndef g():\n    y = x\n    x = 2\nreturn g()",
  "assert 1 == 2, 'wrong'",
  'v = 3.14159\nn = 1234567\nreturn f\'{v:.2f}|{n:,}|{"x":>5}|{"y":<4}|{7:03d}|{v!r:>10}|{{}}|{n=}|{0.125:.2f}|{2.5:.0f}|{1e10:,.1f}|{0.5:%}\'',
  "return '{} {0}'.format(1) if False else '{0}-{1}-{0} {k[0]} {{}} {:}'.replace(' {:}', '').format(1, 'b', k=['z'])",
  "return '%s' if False else 'a,b,,c'.split(','), ' x '.strip(), 'abc'[::-1], 'hello'[1:-1], [1, 2, 3][-2:], (1, 2, 3)[::2]",
  "d = {}\nd.setdefault('a', []).append(1)\nd.update(b=2)\nd.update({'c': 3})\nx = d.pop('b')\nreturn d, x, list(d.items()), 'a' in d, d.get('q', 0)",
  "l = [3, 1, 2]\nl.sort(reverse=True)\nl.insert(1, 9)\nl.remove(1)\np = l.pop(0)\nl.extend((7, 8))\ndel l[0]\nreturn l, p, l.index(7)",
  "s = {1, 2}\ns.add(2)\ns |= {3}\nreturn len(s), 3 in s, s & {1, 9} == {1}, s - {1, 2}, {1, 2} == {2, 1}",
  "from collections import Counter, defaultdict\nc = Counter('abracadabra')\nd = defaultdict(int)\nd['x'] += 2\nreturn c.most_common(2), c['z'], dict(d), sum((c & Counter('aab')).values())",
  "import re\nm = re.match(r'(?P<n>\\d+)-(\\w)', '12-b!')\nreturn re.sub(r'(a)(b)?', lambda m: m.group(1).upper() + str(m.group(2)), 'abac'), m.group('n'), m.groups(), m.span(), re.split(r'[,;]\\s*', 'a, b;c'), re.findall(r'\\d', 'a1b2'), bool(re.search('x', 'abc'))",
  "import string\ntable = str.maketrans('', '', string.punctuation)\nreturn 'a.b,c!'.translate(table), ' '.join(map(str.upper, ['x', 'y'])), list(filter(None, [0, 1, '', 'a']))",
  "from functools import partial, reduce\nfrom itertools import chain, product, combinations\nadd = partial(lambda a, b, c=0: a + b + c, 1, c=5)\nreturn add(2), reduce(lambda a, b: a * b, [1, 2, 3, 4]), list(chain([1], 'ab')), list(chain.from_iterable([[1], [2]])), list(product('ab', repeat=2))[1], list(combinations(range(4), 2))[-1]",
  "import json, ast, math\nreturn json.loads('{\"a\": [1, 2.0, null]}'), json.dumps({'b': 'é', 'a': 1.0}, ensure_ascii=False, sort_keys=True), ast.literal_eval('[1, (2,), {3: None}]'), math.floor(-1.5), math.sqrt(2)",
  "import ast\nkinds = []\nfor text in ['A) x', 'two words', 'name', '1 +', '[1, x]', '', '(1', '{1: 2}']:\n    try: kinds.append(ast.literal_eval(text))\n    except SyntaxError: kinds.append('syntax')\n    except ValueError: kinds.append('value')\nreturn kinds",
  "import random\nr = random.Random(7)\nrandom.seed(3)\nl = [1, 2, 3, 4, 5]\nr.shuffle(l)\nreturn l, random.choice('abc'), r.randint(1, 100), r.sample(range(50), 3), random.random()",
  "x = 5\nreturn 1 < x <= 5 != 4, not x, x and 0 or 'z', (x if x > 9 else -x), x == 5.0, True + True, 7 // -2, -7 % 3, 2 ** 10, 5 & 3 | 8",
  "return isinstance(True, int), isinstance('x', (list, str)), type(1) is int, str(None), repr('a\\n'), bool([]), list('ab'), tuple([1]), int('  12 '), float('1e3'), int(-2.7), chr(233), ord('€')",
  "g = (i * i for i in range(5))\nreturn next(g), next(g), list(g), next(g, 'end'), any(x > 3 for x in [1, 5]), all([]), list(enumerate('ab', 1)), list(reversed([1, 2])), list(zip([1, 2], 'ab', (True, False)))",
  "if (n := len('abc')) > 2:\n    return n",
  "import hashlib\nreturn hashlib.sha256('naïve 日本'.encode('utf-8')).hexdigest(), len('é'.encode()), 'x'.encode().decode(), (2.0).is_integer()",
  "import numpy as np\nreturn int(np.argmax([0.5, 2.0, 2.0])), float(np.mean([0.1, 0.2, 0.4])), (np.array([1.0, 2.0]) / [3.0, 4.0]).tolist()",
  "import numpy as np\nreturn (np.array([1.0]) / np.array([2.0, 4.0])).tolist(), (np.array([3.0, 5.0]) - [1.0]).tolist()",
];

/** Bodies that are refused, with what the refusal names. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["yield 1", /yield/],
  ["class A: pass\nreturn A()", /class A/],
  ["import random\nreturn random.random()", /without a seed/],
  ["return list({'a', 'b', 'c'})", /set of several members/],
  ["import pandas\nreturn pandas.DataFrame()", /DataFrame/],
  ["while True: pass", /20,000,000 steps/],
  ["return hash('a')", /hash/],
  ["return undefined_name", /undefined_name/],
  ["import os\nreturn os.environ['HOME']", /environ/],
  ["return open('/etc/hostname').read()", /not beside the task/],
  ["def g(): return g()\nreturn g()", /so deeply|steps/],
  ["return 2.0 ** 0.5", /\*\*/],
];

function moduleOf(body: string): string {
  return `def f():\n${body.replaceAll(/^/gm, "    ")}\n`;
}

function runHere(body: string): string {
  const program = new PythonProgram({ readText: (file) => (file === "/tasks/t/m.py" ? moduleOf(body) : null) });
  try {
    return repr(program.call(program.find("/tasks/t/m.py", "f")));
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return error.type === "Unsupported" ? `refused: ${error.message}` : `raises ${error.type}`;
  }
}

const PROGRAM = `
import json, sys
def run(source):
    names = {}
    exec(source, names)
    try:
        return repr(names["f"]())
    except Exception as error:
        kind = type(error).__name__
        return "raises " + ("NameError" if kind == "UnboundLocalError" else kind)
print(json.dumps([run(source) for source in json.load(sys.stdin)]))
`;

describe("Python code", () => {
  test("gives what Python gives", () => {
    // numpy is none of every Python's.
    const bodies = BODIES.filter((body) => !body.includes("numpy"));
    const output = execFileSync("python3", ["-c", PROGRAM], {
      input: JSON.stringify(bodies.map(moduleOf)),
      encoding: "utf8",
    });
    const expected = JSON.parse(output) as string[];
    bodies.forEach((body, index) => expect(runHere(body), body).toBe(expected[index]));
    expect(runHere(BODIES.find((body) => body.includes("numpy"))!)).toBe(
      "(1, 0.23333333333333336, [0.3333333333333333, 0.5])",
    );
  });

  test.each(REFUSED)("%j is refused by name", (body, reason) => {
    const got = runHere(body);
    expect(got).toMatch(/^refused: /);
    expect(got).toMatch(reason);
  });
});
