// The methods that Python's texts, lists and dicts have, as templates can call them. One that changes its owner, or that
// is not done here exactly, is refused by name, so that a template never gets an answer that Python would not give.
import { slicePositions } from "../python/code-points.ts";
import { dictGet, memberEquals } from "../python/equality.ts";
import { formatTemplate } from "../python/format-template.ts";
import { capitalize, lower, title, upper } from "../python/letter-case.ts";
import { center, padLeft, padRight } from "../python/pad.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import {
  count,
  endsWith,
  find,
  indexOfText,
  replace,
  rfind,
  rindexOfText,
  startsWith,
  zeroFill,
} from "../python/search-text.ts";
import { iterate } from "../python/sequence.ts";
import { partition, rpartition, rsplit, split, splitLines } from "../python/split.ts";
import { lstrip, rstrip, strip } from "../python/strip.ts";
import {
  isAlphabeticText,
  isAlphanumericText,
  isDecimalText,
  isDigitText,
  isLowerText,
  isNumericText,
  isSpaceText,
  isUpperText,
} from "../python/unicode.ts";
import {
  isDict,
  isFloat,
  isInt,
  isList,
  type PythonDict,
  PythonTuple,
  type PythonValue,
  typeName,
} from "../python/value.ts";
import { Arguments } from "./arguments.ts";
import { Callable, DictView, makePairs } from "./runtime-value.ts";

interface Method<Owner> {
  readonly parameters: readonly string[];
  readonly byName?: boolean;
  readonly run: (owner: Owner, given: Arguments) => PythonValue;
}

type Methods<Owner> = { readonly [name: string]: Method<Owner> };

const range = (given: Arguments, from: number): { start: number | null; stop: number | null } => ({
  start: given.optionalInteger(from),
  stop: given.optionalInteger(from + 1),
});
const plain = (run: (text: string) => PythonValue): Method<string> => ({ parameters: [], run });
const stripping = (run: (text: string, characters: string | null) => string): Method<string> => ({
  parameters: ["chars?"],
  run: (text, given) => run(text, given.optionalText(0)),
});
const searching = (run: (text: string, part: string, range: object) => PythonValue): Method<string> => ({
  parameters: ["sub", "start?", "end?"],
  run: (text, given) => run(text, given.text(0), range(given, 1)),
});
const affixing = (run: (text: string, affixes: readonly string[], range: object) => boolean): Method<string> => ({
  parameters: ["prefix", "start?", "end?"],
  run: (text, given) => run(text, affixes(given), range(given, 1)),
});
const splitting = (run: (text: string, separator: string | null, most: number) => string[]): Method<string> => ({
  parameters: ["sep?", "maxsplit?"],
  byName: true,
  run: (text, given) => run(text, given.optionalText(0), given.integer(1, -1)),
});
const padding = (run: (text: string, width: number, fill: string) => string): Method<string> => ({
  parameters: ["width", "fillchar?"],
  run: (text, given) => run(text, given.integer(0, 0), given.value(1) === undefined ? " " : given.text(1)),
});
const parting = (run: (text: string, separator: string) => [string, string, string]): Method<string> => ({
  parameters: ["sep"],
  run: (text, given) => new PythonTuple(run(text, given.text(0))),
});

const TEXT_METHODS: Methods<string> = {
  strip: stripping(strip),
  lstrip: stripping(lstrip),
  rstrip: stripping(rstrip),
  lower: plain(lower),
  upper: plain(upper),
  capitalize: plain(capitalize),
  title: plain(title),
  isdigit: plain(isDigitText),
  isdecimal: plain(isDecimalText),
  isalpha: plain(isAlphabeticText),
  isalnum: plain(isAlphanumericText),
  isspace: plain(isSpaceText),
  isnumeric: plain(isNumeric),
  islower: plain(isLowerText),
  isupper: plain(isUpperText),
  // oxlint-disable-next-line no-control-regex -- ASCII is what it asks for
  isascii: plain((text) => /^[\0-\x7f]*$/.test(text)),
  split: splitting(split),
  rsplit: splitting(rsplit),
  partition: parting(partition),
  rpartition: parting(rpartition),
  find: searching(find),
  rfind: searching(rfind),
  index: searching(indexOfText),
  rindex: searching(rindexOfText),
  count: searching(count),
  startswith: affixing(startsWith),
  endswith: affixing(endsWith),
  splitlines: {
    parameters: ["keepends?"],
    byName: true,
    run: (text, given) => splitLines(text, given.flag(0)),
  },
  replace: {
    parameters: ["old", "new", "count?"],
    run: (text, given) => replace(text, given.text(0), given.text(1), given.integer(2, -1)),
  },
  join: {
    parameters: ["iterable"],
    run: (text, given) => Array.from(iterate(given.value(0)!), textMember).join(text),
  },
  center: padding(center),
  ljust: padding(padRight),
  rjust: padding(padLeft),
  zfill: { parameters: ["width"], run: (text, given) => zeroFill(text, given.integer(0, 0)) },
  removeprefix: {
    parameters: ["prefix"],
    run: (text, given) => (text.startsWith(given.text(0)) ? text.slice(given.text(0).length) : text),
  },
  removesuffix: {
    parameters: ["suffix"],
    run: (text, given) => {
      const suffix = given.text(0);
      return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
    },
  },
};

const LIST_METHODS: Methods<readonly PythonValue[]> = {
  index: {
    parameters: ["value", "start?", "stop?"],
    run: (list, given) => {
      const value = given.value(0)!;
      const bounds = { start: given.integer(1, 0), stop: given.integer(2, list.length), step: null };
      const { start, stop } = slicePositions(list.length, bounds);
      const found = list.findIndex((member, at) => at >= start && at < stop && memberEquals(member, value));
      if (found < 0) throw new PythonError("ValueError", `${repr(value)} is not in list`);
      return found;
    },
  },
  count: {
    parameters: ["value"],
    run: (list, given) => list.filter((member) => memberEquals(member, given.value(0)!)).length,
  },
  copy: { parameters: [], run: (list) => [...list] },
};

const DICT_METHODS: Methods<PythonDict> = {
  get: {
    parameters: ["key", "default?"],
    run: (dict, given) => {
      const key = given.value(0)!;
      const found = dictGet(dict, key);
      if (found !== undefined) return found;
      const other = given.raw(1);
      return other === undefined ? null : other;
    },
  },
  keys: { parameters: [], run: (dict) => new DictView("keys", [...dict.keys()]) },
  values: { parameters: [], run: (dict) => new DictView("values", [...dict.values()]) },
  items: { parameters: [], run: (dict) => new DictView("items", makePairs(dict)) },
  copy: { parameters: [], run: (dict) => new Map(dict) },
};

/** Names that Python's types have and that are not done here; any other name is no attribute. */
const REFUSED = {
  str: new Set(
    "casefold encode expandtabs format_map isidentifier isprintable istitle maketrans swapcase translate".split(" "),
  ),
  list: new Set("append clear extend insert pop remove reverse sort".split(" ")),
  dict: new Set("clear fromkeys pop popitem setdefault update".split(" ")),
  int: new Set(
    "as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator real to_bytes".split(" "),
  ),
  float: new Set("as_integer_ratio conjugate fromhex hex imag is_integer real".split(" ")),
};

/** Fields of `str.format` may be values, not parts of them. */
const NO_STEPS = {
  attributeOf: (): never => refusePath(),
  subscriptOf: (): never => refusePath(),
};

function refusePath(): never {
  throw unsupported("a part of a value as a field of str.format");
}

/** The method of a value by its name; undefined where Python has none. Throws Unsupported for one that is refused. */
export function methodOf(owner: PythonValue, name: string): Callable | undefined {
  if (typeof owner === "string") {
    if (name === "format") return new Callable((call) => formatTemplate(owner, call, NO_STEPS));
    return bind(owner, "str", TEXT_METHODS, name);
  }
  if (isList(owner)) return bind(owner, "list", LIST_METHODS, name);
  if (isDict(owner)) return bind(owner, "dict", DICT_METHODS, name);
  if (owner instanceof PythonTuple && (name === "index" || name === "count"))
    return bind(owner.values, "list", LIST_METHODS, name);
  const type = isFloat(owner) ? "float" : isInt(owner) || typeof owner === "boolean" ? "int" : null;
  return type === null ? undefined : bind(owner, type, {}, name);
}

function bind<Owner>(
  owner: Owner,
  type: keyof typeof REFUSED,
  methods: Methods<Owner>,
  name: string,
): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    if (REFUSED[type].has(name)) throw unsupported(`the method ${type}.${name}`);
    return undefined;
  }
  const { parameters, byName = false } = method;
  return new Callable((call) => method.run(owner, new Arguments({ name, parameters, byName }, call)));
}

function isNumeric(text: string): boolean {
  const answer = isNumericText(text);
  if (answer === undefined) throw unsupported("the method str.isnumeric of ideographs");
  return answer;
}

function affixes(given: Arguments): readonly string[] {
  const value = given.value(0);
  return value instanceof PythonTuple ? value.values.map(textMember) : [given.text(0)];
}

function textMember(value: PythonValue): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `expected str instance, ${typeName(value)} found`);
}
