// Looks at a function before it runs: whether all that it names and calls is done here. What only shows with a
// document in hand is refused then.
import { unsupported } from "../python/python-error.ts";
import type { PythonValue } from "../python/value.ts";
import { isKnownMethod } from "./access.ts";
import { boundNames, parameterNames } from "./binding.ts";
import { DATASET_MEMBERS } from "./dataset.ts";
import { InterpretedFunction } from "./function-value.ts";
import { namesOf } from "./parse-module.ts";
import { RANDOM_MEMBERS } from "./random-module.ts";
import { REGEX_MEMBERS } from "./regex-module.ts";
import { ModuleObject, Refused, type Scope } from "./runtime.ts";
import { MODULE_MEMBERS, Partial } from "./standard-modules.ts";
import type { Expression, Statement } from "./syntax.ts";

const OBJECT_MEMBERS = new Set([
  ...DATASET_MEMBERS,
  ...REGEX_MEMBERS,
  ...RANDOM_MEMBERS,
  // Modules may be imported within a function.
  ...MODULE_MEMBERS,
  ..."read readlines close open parent name stem resolve absolute read_text most_common from_iterable".split(" "),
  ..."info debug warning error translate maketrans fromkeys".split(" "),
  ..."decode hexdigest tolist sum mean".split(" "),
]);

/** Throws `unsupported`, naming what is in the way. */
export function auditFunction(value: PythonValue, seen: Set<PythonValue> = new Set()): void {
  if (seen.has(value)) return;
  seen.add(value);
  if (value instanceof Partial) return auditFunction(value.callee, seen);
  if (value instanceof InterpretedFunction) new Audit(value, seen).run();
}

class Audit {
  readonly #subject: InterpretedFunction;
  readonly #seen: Set<PythonValue>;
  readonly #own = new Set<string>();

  constructor(subject: InterpretedFunction, seen: Set<PythonValue>) {
    this.#subject = subject;
    this.#seen = seen;
  }

  run(): void {
    const { syntax } = this.#subject;
    for (const name of this.#subject.parameters) this.#own.add(name);
    visit(syntax, (node) => this.#collect(node));
    // Names first: that a module is missing says more than that its objects have an unknown attribute.
    visit(syntax, (node) => {
      if (node.kind === "name") this.#resolve(node.name);
    });
    visit(syntax, (node) => this.#check(node));
  }

  /** Names that are bound anywhere within: for those only running tells. */
  #collect(node: Node): void {
    const add = (names: Iterable<string>): void => {
      for (const name of names) this.#own.add(name);
    };
    if (node.kind === "lambda" || node.kind === "def") add(parameterNames(node.parameters));
    if (node.kind === "comprehension") for (const { target } of node.clauses) add(namesOf(target));
    if (node.kind === "walrus") add([node.name]);
    if (isStatement(node)) add(boundNames([node]));
  }

  #check(node: Node): void {
    if (node.kind !== "attribute") return;
    const owner = this.#moduleOf(node.owner);
    if (owner === null) {
      if (!isKnownMethod(node.name) && !OBJECT_MEMBERS.has(node.name)) throw unsupported(`the attribute ${node.name}`);
    } else this.#use(owner.find(node.name), `${owner.name}.${node.name}`);
  }

  #resolve(name: string): void {
    if (this.#own.has(name)) return;
    this.#use(find(this.#subject.scope, name), name);
  }

  #use(value: PythonValue | undefined, name: string): void {
    if (value === undefined) throw unsupported(`${name} is not known`);
    if (value instanceof Refused) throw unsupported(value.reason);
    auditFunction(value, this.#seen);
  }

  #moduleOf(owner: Expression): ModuleObject | null {
    if (owner.kind === "attribute") {
      const outer = this.#moduleOf(owner.owner);
      const inner = outer?.find(owner.name);
      return inner instanceof ModuleObject ? inner : null;
    }
    if (owner.kind !== "name" || this.#own.has(owner.name)) return null;
    const value = find(this.#subject.scope, owner.name);
    return value instanceof ModuleObject ? value : null;
  }
}

function find(scope: Scope, name: string): PythonValue | undefined {
  try {
    return scope.find(name);
  } catch {
    return undefined;
  }
}

type Node = Expression | Statement;

const STATEMENTS = new Set(
  "assign augment return if for while raise try assert def with import from scope delete pass break continue".split(
    " ",
  ),
);

function isStatement(node: Node): node is Statement {
  return STATEMENTS.has(node.kind);
}

/** Calls `see` for each node of a tree. */
function visit(tree: unknown, see: (node: Node) => void): void {
  if (typeof tree !== "object" || tree === null) return;
  if (Array.isArray(tree)) {
    for (const part of tree) visit(part, see);
    return;
  }
  if ("kind" in tree) see(tree as Node);
  // The value of a constant is no node.
  if ("kind" in tree && tree.kind === "constant") return;
  for (const part of Object.values(tree)) visit(part, see);
}
