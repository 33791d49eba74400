// Modules that task helpers import, as far as they are done exactly. What is not here is refused when it is used.
import { Callable, type CallValues, Lazy } from "../jinja/runtime-value.ts";
import { numericValue } from "../python/equality.ts";
import { formatPythonJson } from "../python/json-format.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import { literalEval } from "../python/literal.ts";
import { isOrdered } from "../python/order.ts";
import { pairwiseSum } from "../python/pairwise-sum.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import {
  isDict,
  isInt,
  isList,
  makeFloat,
  makeInt,
  PythonObject,
  PythonSet,
  PythonTuple,
  type PythonValue,
} from "../python/value.ts";
import { findBuiltin, plainFunction } from "./builtins.ts";
import { datasetFromList, DatasetValue } from "./dataset.ts";
import { EncodedText } from "./encoded-text.ts";
import { exceptionType } from "./exceptions.ts";
import { makeCounter } from "./mutators.ts";
import { makeArray } from "./number-array.ts";
import { parseLoneExpression } from "./parse-expression.ts";
import { makeRandomModule } from "./random-module.ts";
import { findInRegexModule } from "./regex-module.ts";
import { categoryOf } from "./unicode-category.ts";
import { callValue, callWith, ModuleObject, Refused, type StepCounter } from "./runtime.ts";
import { DefaultDict } from "./sets.ts";
import { PathValue, type ReadText, TextFile } from "./text-files.ts";
import { accuracyScore, f1Score } from "./sklearn-metrics.ts";

type Members = { readonly [name: string]: PythonValue };

const ASCII_LOWER = "abcdefghijklmnopqrstuvwxyz";
const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

const NO_MORE_THAN_A_LOG = new Callable(() => null);

/** An object of which any method may be called, and nothing happens: what helpers log is not part of their result. */
class Quiet extends PythonObject {
  readonly typeName = "Logger";
  attribute(): PythonValue {
    return NO_MORE_THAN_A_LOG;
  }
}

function numberOf(value: PythonValue | undefined): number {
  const number = value === undefined ? undefined : numericValue(value);
  if (number === undefined) throw new PythonError("TypeError", "must be real number");
  return Number(number);
}

function textOf(value: PythonValue | undefined): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", "expected str");
}

/** `functools.partial`. */
export class Partial extends Callable {
  readonly callee: PythonValue;

  constructor({ positional: [callee, ...first], named }: CallValues) {
    super((values) =>
      callValue(callee!, { positional: [...first, ...values.positional], named: new Map([...named, ...values.named]) }),
    );
    this.callee = callee ?? null;
  }
}

function* chain(sources: Iterable<PythonValue>): Generator<PythonValue> {
  for (const source of sources) yield* iterate(source);
}

function* product(sources: readonly (readonly PythonValue[])[]): Generator<PythonValue[]> {
  const [first, ...rest] = sources;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const value of first) for (const others of product(rest)) yield [value, ...others];
}

function* combinations(values: readonly PythonValue[], count: number): Generator<PythonValue[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let at = 0; at <= values.length - count; at += 1) {
    for (const rest of combinations(values.slice(at + 1), count - 1)) yield [values[at]!, ...rest];
  }
}

function* tuples(rows: Iterable<PythonValue[]>): Generator<PythonValue> {
  for (const row of rows) yield new PythonTuple(row);
}

class Chain extends Callable {
  constructor() {
    super(({ positional }) => new Lazy(chain(positional)));
  }
  attribute(name: string): PythonValue | undefined {
    return name === "from_iterable"
      ? plainFunction(name, [1, 1], (source) => new Lazy(chain(iterate(source))))
      : undefined;
  }
}

function reduce(...[callee, values, start]: PythonValue[]): PythonValue {
  let result = start;
  for (const value of iterate(values!)) result = result === undefined ? value : callWith(callee!, result, value);
  if (result === undefined) throw new PythonError("TypeError", "reduce() of empty iterable with no initial value");
  return result;
}

function deepCopy(value: PythonValue): PythonValue {
  if (isList(value)) return value.map(deepCopy);
  if (isDict(value)) return new Map(Array.from(value, ([key, member]) => [key, deepCopy(member)]));
  if (value instanceof PythonTuple) return new PythonTuple(value.values.map(deepCopy));
  if (value instanceof PythonSet) return new PythonSet([...value.values]);
  if (value instanceof PythonObject) throw unsupported(`copying a ${value.typeName}`);
  return value;
}

function jsonLoads(value: PythonValue | undefined): PythonValue {
  try {
    return parsePythonJson(textOf(value));
  } catch (error) {
    if (error instanceof PythonError && error.type === "ValueError")
      throw new PythonError("JSONDecodeError", error.message);
    throw error;
  }
}

/** `ast.literal_eval`: text that is no expression at all is a SyntaxError, another expression a ValueError. */
function evaluateLiteral(text: string): PythonValue {
  try {
    return literalEval(text);
  } catch (error) {
    if (error instanceof PythonError && error.type === "ValueError") parseLoneExpression(text.replace(/^[ \t]+/, ""));
    throw error;
  }
}

function jsonDumps({ positional: [value], named }: CallValues): PythonValue {
  for (const name of named.keys()) {
    if (!["ensure_ascii", "indent", "sort_keys"].includes(name)) throw unsupported(`json.dumps(${name}=)`);
  }
  const indent = named.get("indent") ?? null;
  return formatPythonJson(value!, {
    ensureAscii: isTruthy(named.get("ensure_ascii") ?? true),
    indent: indent === null ? null : toIndex(indent),
    sortKeys: isTruthy(named.get("sort_keys") ?? false),
  });
}

function rounded(how: (value: number) => number): Callable {
  return plainFunction("rounding", [1, 1], (value) => {
    if (isInt(value!)) return value;
    const number = numberOf(value);
    if (!Number.isFinite(number))
      throw new PythonError(Number.isNaN(number) ? "ValueError" : "OverflowError", "cannot convert float to integer");
    return makeInt(BigInt(how(number)));
  });
}

/** numpy's `mean` of a flat list. */
function numpyMean(value: PythonValue | undefined): PythonValue {
  const values = Float64Array.from([...iterate(value!)], numberOf);
  if (values.length === 0) throw unsupported("numpy's mean of nothing");
  return makeFloat(pairwiseSum(values) / values.length);
}

function extremePosition(value: PythonValue | undefined, operator: "<" | ">"): PythonValue {
  const values = [...iterate(value!)];
  if (values.length === 0) throw new PythonError("ValueError", "attempt to get argmax of an empty sequence");
  if (values.some((member) => numericValue(member) === undefined || Number.isNaN(numberOf(member)))) {
    throw unsupported("argmax of something else than numbers");
  }
  let best = 0;
  values.forEach((member, index) => {
    if (isOrdered(operator, member, values[best]!)) best = index;
  });
  return best;
}

function scoreLabels({ positional: [right, predicted], named }: CallValues): PythonValue {
  for (const name of named.keys()) if (name !== "average") throw unsupported(`f1_score(${name}=)`);
  const average = named.get("average") ?? "binary";
  if (average !== "binary" && average !== "macro" && average !== "micro" && average !== "weighted") {
    throw unsupported("f1_score with such an average");
  }
  return f1Score([...iterate(right!)], [...iterate(predicted!)], average);
}

/** The harness's own aggregation of (right, predicted) pairs. */
function weightedF1({ positional: [items] }: CallValues): PythonValue {
  const pairs = [...iterate(items!)].map((pair) => [...iterate(pair)]);
  if (pairs.some((pair) => pair.length !== 2)) throw unsupported("weighted_f1_score of something else than pairs");
  return f1Score(
    pairs.map(([right]) => right!),
    pairs.map(([, predicted]) => predicted!),
    "weighted",
  );
}

/** The text between slashes: `os.path` of a POSIX system. */
const OS_PATH: Members = {
  basename: plainFunction("basename", [1, 1], (path) => textOf(path).replace(/^[^]*\//, "")),
  dirname: plainFunction("dirname", [1, 1], (path) => {
    const folder = textOf(path).slice(0, textOf(path).lastIndexOf("/") + 1);
    return /^\/*$/.test(folder) ? folder : folder.replace(/\/+$/, "");
  }),
  join: plainFunction("join", [1, 9], (...parts) =>
    parts
      .map(textOf)
      .reduce((path, part) =>
        part.startsWith("/") ? part : path === "" || path.endsWith("/") ? path + part : `${path}/${part}`,
      ),
  ),
};

const MODULES: { readonly [module: string]: Members } = {
  functools: {
    partial: new Callable((values) => new Partial(values)),
    reduce: plainFunction("reduce", [2, 3], reduce),
  },
  itertools: {
    chain: new Chain(),
    product: new Callable(({ positional, named }) => {
      const repeat = toIndex(named.get("repeat") ?? 1);
      const sources = Array.from({ length: repeat }, () => positional.map((source) => [...iterate(source)])).flat();
      return new Lazy(tuples(product(sources)));
    }),
    combinations: plainFunction(
      "combinations",
      [2, 2],
      (values, count) => new Lazy(tuples(combinations([...iterate(values)], toIndex(count)))),
    ),
  },
  collections: {
    Counter: plainFunction("Counter", [0, 1], makeCounter),
    OrderedDict: findBuiltin("dict")!,
    defaultdict: plainFunction("defaultdict", [0, 1], (make) => {
      if (make === undefined || make === null) return new Map();
      return new DefaultDict(() => callWith(make));
    }),
  },
  string: {
    punctuation: PUNCTUATION,
    ascii_lowercase: ASCII_LOWER,
    ascii_uppercase: ASCII_LOWER.toUpperCase(),
    ascii_letters: ASCII_LOWER + ASCII_LOWER.toUpperCase(),
    digits: "0123456789",
    whitespace: " \t\n\r\v\f",
  },
  math: {
    ceil: rounded(Math.ceil),
    floor: rounded(Math.floor),
    sqrt: plainFunction("sqrt", [1, 1], (value) => {
      if (numberOf(value) < 0) throw new PythonError("ValueError", "math domain error");
      return makeFloat(Math.sqrt(numberOf(value)));
    }),
    isnan: plainFunction("isnan", [1, 1], (value) => Number.isNaN(numberOf(value))),
    isinf: plainFunction("isinf", [1, 1], (value) => Math.abs(numberOf(value)) === Number.POSITIVE_INFINITY),
    inf: Number.POSITIVE_INFINITY,
    nan: Number.NaN,
    pi: Math.PI,
  },
  ast: {
    literal_eval: plainFunction("literal_eval", [1, 1], (text) => {
      if (typeof text !== "string") throw new PythonError("ValueError", "malformed node or string");
      return evaluateLiteral(text);
    }),
  },
  json: {
    load: plainFunction("load", [1, 1], (file) => {
      if (!(file instanceof TextFile)) throw unsupported("json.load of something else than a file");
      return jsonLoads(file.text);
    }),
    loads: plainFunction("loads", [1, 1], jsonLoads),
    dumps: new Callable(jsonDumps),
    JSONDecodeError: exceptionType("JSONDecodeError")!,
  },
  copy: {
    copy: plainFunction("copy", [1, 1], (value) =>
      isList(value!) ? [...value] : isDict(value!) ? new Map(value) : deepCopy(value),
    ),
    deepcopy: plainFunction("deepcopy", [1, 1], (value) => deepCopy(value)),
  },
  unicodedata: { category: plainFunction("category", [1, 1], (character) => categoryOf(textOf(character))) },
  "os.path": OS_PATH,
  logging: {
    getLogger: new Callable(() => new Quiet()),
    ...Object.fromEntries(["debug", "info", "warning", "error"].map((name) => [name, NO_MORE_THAN_A_LOG])),
  },
  sys: { maxunicode: 0x10ffff },
  hashlib: {
    sha256: plainFunction("sha256", [1, 1], (bytes) => {
      if (!(bytes instanceof EncodedText)) throw unsupported("sha256 of something else than an encoded text");
      return bytes.digest();
    }),
  },
  numpy: {
    array: plainFunction("array", [1, 1], makeArray),
    mean: plainFunction("mean", [1, 1], numpyMean),
    argmax: plainFunction("argmax", [1, 1], (value) => extremePosition(value, ">")),
    argmin: plainFunction("argmin", [1, 1], (value) => extremePosition(value, "<")),
    nan: Number.NaN,
    inf: Number.POSITIVE_INFINITY,
  },
  "sklearn.metrics": {
    f1_score: new Callable(scoreLabels),
    accuracy_score: plainFunction("accuracy_score", [2, 2], (right, predicted) =>
      accuracyScore([...iterate(right)], [...iterate(predicted)]),
    ),
  },
  "lm_eval.utils": { eval_logger: new Quiet(), weighted_f1_score: new Callable(weightedF1) },
};

/** Names of what the standard modules have. */
export const MODULE_MEMBERS: readonly string[] = [
  ...Object.values(MODULES).flatMap((members) => Object.keys(members)),
  ...Object.keys(MODULES).flatMap((module) => module.split(".")),
  ..."Dataset from_list from_dict Path Random".split(" "),
];

/** The standard modules as one program sees them. */
export class StandardModules {
  readonly #random: (name: string) => PythonValue | undefined;
  readonly #read: ReadText;

  constructor(counter: StepCounter, read: ReadText) {
    this.#random = makeRandomModule(counter);
    this.#read = read;
  }

  /** A module by its dotted name; undefined for one that is not here. */
  find(name: string): PythonValue | undefined {
    if (name === "re") return new ModuleObject("re", findInRegexModule);
    if (name === "random") return new ModuleObject("random", this.#random);
    if (name === "pathlib") {
      const path = plainFunction("Path", [1, 1], (value) => new PathValue(textOf(value), this.#read));
      return new ModuleObject(name, (member) => (member === "Path" ? path : undefined));
    }
    if (name === "datasets")
      return new ModuleObject("datasets", (member) => (member === "Dataset" ? new DatasetClass() : undefined));
    const members = Object.hasOwn(MODULES, name) ? MODULES[name]! : undefined;
    const children = Object.keys(MODULES).filter((module) => module.startsWith(`${name}.`));
    if (members === undefined && children.length === 0) return undefined;
    return new ModuleObject(name, (member) => {
      if (members !== undefined && Object.hasOwn(members, member)) return members[member];
      return this.find(`${name}.${member}`);
    });
  }
}

/** `datasets.Dataset`: a type that can be asked for, and makes data sets of rows. */
class DatasetClass extends PythonObject {
  readonly typeName = "type";
  attribute(name: string): PythonValue | undefined {
    if (name === "from_list") return plainFunction(name, [1, 1], (rows) => datasetFromList(rows));
    if (name === "from_dict") return plainFunction(name, [1, 1], (columns) => datasetFromColumns(columns));
    return undefined;
  }
}

function datasetFromColumns(value: PythonValue): DatasetValue {
  if (!isDict(value)) throw unsupported("Dataset.from_dict without a dict");
  const columns = Array.from(value, ([name, members]) => ({ name, members: [...iterate(members)] }));
  const length = columns[0]?.members.length ?? 0;
  if (columns.some(({ members }) => members.length !== length)) throw unsupported("columns of unequal length");
  const rows = Array.from(
    { length },
    (_, index) => new Map(columns.map(({ name, members }) => [name, members[index]!])),
  );
  return datasetFromList(rows);
}

/** What an import gives that is not here: refused when it is used. */
export function missingModule(name: string): Refused {
  return new Refused(`the Python package ${name.split(".")[0]!} is needed`);
}
