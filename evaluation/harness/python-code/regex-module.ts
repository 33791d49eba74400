// Python's `re` module over the translated expressions.
import { Callable, type CallValues, Lazy } from "../jinja/runtime-value.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { compilePythonRegex, type PythonMatch, type PythonRegex, type RegexFlags } from "../python/regex.ts";
import { toIndex } from "../python/sequence.ts";
import { PythonObject, PythonTuple, type PythonValue, typeName } from "../python/value.ts";
import { exceptionType } from "./exceptions.ts";
import { callWith } from "./runtime.ts";

/** The bits of `re`'s flags, as Python numbers them. */
const FLAGS: { readonly [name: string]: number } = {
  IGNORECASE: 2,
  I: 2,
  MULTILINE: 8,
  M: 8,
  DOTALL: 16,
  S: 16,
  UNICODE: 32,
  U: 32,
  VERBOSE: 64,
  X: 64,
  ASCII: 256,
  A: 256,
};

/** A match, as Python code sees it. */
class MatchValue extends PythonObject {
  readonly typeName = "re.Match";
  readonly #match: PythonMatch;

  constructor(match: PythonMatch) {
    super();
    this.#match = match;
  }

  attribute(name: string): PythonValue | undefined {
    switch (name) {
      case "group":
        return new Callable(({ positional }) => {
          if (positional.length < 2) return this.subscript(positional[0] ?? 0);
          return new PythonTuple(positional.map((key) => this.subscript(key)));
        });
      case "groups":
        return new Callable(
          ({ positional: [fallback = null] }) => new PythonTuple(this.#match.groups.map((group) => group ?? fallback)),
        );
      case "start":
      case "end":
      case "span":
        return new Callable(({ positional }) => {
          if (positional.length > 0) throw unsupported(`Match.${name} of a group`);
          const [start, end] = [this.#match.start(), this.#match.end()];
          return name === "start" ? start : name === "end" ? end : new PythonTuple([start, end]);
        });
      default:
        return undefined;
    }
  }

  subscript(key: PythonValue): PythonValue {
    const group = this.#match.group(typeof key === "string" ? key : toIndex(key));
    if (group === undefined) throw new PythonError("IndexError", "no such group");
    return group;
  }
}

/** A compiled pattern, as Python code sees it. */
class PatternValue extends PythonObject {
  readonly typeName = "re.Pattern";
  readonly regex: PythonRegex;
  readonly pattern: string;

  constructor(pattern: string, regex: PythonRegex) {
    super();
    this.pattern = pattern;
    this.regex = regex;
  }

  attribute(name: string): PythonValue | undefined {
    if (name === "pattern") return this.pattern;
    const run = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name]! : undefined;
    return run === undefined ? undefined : new Callable((values) => run(this.regex, values));
  }
}

type Operation = (regex: PythonRegex, values: CallValues) => PythonValue;

function text(value: PythonValue | undefined): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `expected string or bytes-like object, got '${typeName(value ?? null)}'`);
}

function single(values: CallValues): string {
  if (values.positional.length !== 1 || values.named.size > 0)
    throw unsupported("a regular expression between positions");
  return text(values.positional[0]);
}

const found = (match: PythonMatch | null): PythonValue => (match === null ? null : new MatchValue(match));

const OPERATIONS: { readonly [name: string]: Operation } = {
  search: (regex, values) => found(regex.search(single(values))),
  match: (regex, values) => found(regex.match(single(values))),
  fullmatch: (regex, values) => found(regex.fullmatch(single(values))),
  findall: (regex, values) =>
    regex.findall(single(values)).map((match) => (typeof match === "string" ? match : new PythonTuple(match))),
  finditer: (regex, values) => new Lazy(regex.findMatches(single(values)).map((match) => new MatchValue(match))),
  split: (regex, { positional: [subject, most], named }) =>
    regex.split(text(subject), toIndex(most ?? named.get("maxsplit") ?? 0)),
  sub: (regex, { positional: [replacement, subject, count], named }) => {
    const whole = text(subject ?? named.get("string"));
    const most = toIndex(count ?? named.get("count") ?? 0);
    const by = replacement ?? named.get("repl");
    if (typeof by === "string") return regex.sub(by, whole, most);
    return regex.sub((match) => text(callWith(by!, new MatchValue(match))), whole, most);
  },
};

/** Names of what patterns and matches have. */
export const REGEX_MEMBERS: readonly string[] = [
  ...Object.keys(OPERATIONS),
  ...Object.keys(FLAGS),
  ..."pattern group groups start end span compile escape error".split(" "),
];

const cache = new Map<string, PatternValue>();
const CACHED_MAX = 500;

function compile(pattern: PythonValue | undefined, flagBits: number): PatternValue {
  if (pattern instanceof PatternValue) {
    if (flagBits !== 0) throw new PythonError("ValueError", "cannot process flags argument with a compiled pattern");
    return pattern;
  }
  const source = text(pattern);
  const key = `${flagBits} ${source}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const flags: RegexFlags = {
    ignoreCase: (flagBits & 2) !== 0,
    multiline: (flagBits & 8) !== 0,
    dotAll: (flagBits & 16) !== 0,
    verbose: (flagBits & 64) !== 0,
    ascii: (flagBits & 256) !== 0,
  };
  const made = new PatternValue(source, compilePythonRegex(source, flags));
  if (cache.size >= CACHED_MAX) cache.clear();
  cache.set(key, made);
  return made;
}

/** `re.NAME(pattern, ..., flags)`: the flags stand after what the pattern's method takes. */
function moduleFunction(name: string, flagPosition: number): Callable {
  return new Callable(({ positional, named }) => {
    const flags = positional[flagPosition] ?? named.get("flags") ?? 0;
    const rest = new Map(named);
    rest.delete("flags");
    const pattern = positional[0] ?? named.get("pattern");
    rest.delete("pattern");
    const values = positional.slice(1, flagPosition);
    if (name !== "sub" && name !== "split" && values.length === 0 && rest.has("string")) {
      values.push(rest.get("string")!);
      rest.delete("string");
    }
    return OPERATIONS[name]!(compile(pattern, toIndex(flags)).regex, { positional: values, named: rest });
  });
}

/** A member of the module `re`. */
export function findInRegexModule(name: string): PythonValue | undefined {
  if (Object.hasOwn(FLAGS, name)) return FLAGS[name];
  switch (name) {
    case "compile":
      return new Callable(({ positional: [pattern, flags], named }) =>
        compile(pattern ?? named.get("pattern"), toIndex(flags ?? named.get("flags") ?? 0)),
      );
    case "escape":
      // What Python escapes: all that is special in a pattern, white space, and no more.
      return new Callable(({ positional: [value] }) => text(value).replaceAll(/[\t-\r #$&()*+.?[\\\]^{|}~-]/g, "\\$&"));
    case "error":
      return exceptionType("RegexError");
    case "search":
    case "match":
    case "fullmatch":
    case "findall":
    case "finditer":
      return moduleFunction(name, 2);
    case "split":
      return moduleFunction(name, 3);
    case "sub":
      return moduleFunction(name, 4);
    default:
      return undefined;
  }
}
