// What exists while Python code runs: scopes, functions, types, and what is refused.
import { PythonError, unsupported } from "../python/python-error.ts";
import { PythonObject, type PythonValue } from "../python/value.ts";
import { Callable, type CallValues } from "../jinja/runtime-value.ts";

/** Steps that one call from outside may take: far more than any helper needs, so that none runs for ever. */
const STEPS_MAX = 20_000_000;

/** Counts what a call from outside does, together with everything that it calls. */
export class StepCounter {
  #left = STEPS_MAX;
  #calls = 0;

  /** How many calls from outside there were. */
  get calls(): number {
    return this.#calls;
  }

  /** A call from outside begins. */
  begin(): void {
    this.#left = STEPS_MAX;
    this.#calls += 1;
  }

  step(): void {
    this.#left -= 1;
    if (this.#left < 0) throw unsupported("code that takes more than 20,000,000 steps");
  }
}

/** The names of a module, function or comprehension. */
export class Scope {
  readonly variables = new Map<string, PythonValue>();
  readonly parent: Scope | null;
  readonly counter: StepCounter;
  /** Names that are this function's own wherever they are bound in it. */
  readonly locals: ReadonlySet<string>;

  constructor(parent: Scope | null, counter: StepCounter, locals: ReadonlySet<string> = new Set()) {
    this.parent = parent;
    this.counter = counter;
    this.locals = locals;
  }

  /** The module's scope. */
  get module(): Scope {
    return this.parent === null ? this : this.parent.module;
  }

  find(name: string): PythonValue | undefined {
    const value = this.variables.get(name);
    if (value !== undefined) return value;
    if (this.locals.has(name)) throw new PythonError("NameError", `local variable '${name}' is not set`);
    return this.parent?.find(name);
  }

  set(name: string, value: PythonValue): void {
    this.variables.set(name, value);
  }
}

/** A compiled expression. */
export type Evaluate = (scope: Scope) => PythonValue;

/** A name that the code binds to something that is not done here; using it is refused with the reason. */
export class Refused extends PythonObject {
  readonly typeName = "refused";
  readonly reason: string;

  constructor(reason: string) {
    super();
    this.reason = reason;
  }
}

/** A module's names. */
export class ModuleObject extends PythonObject {
  readonly typeName = "module";
  readonly name: string;
  readonly find: (name: string) => PythonValue | undefined;

  constructor(name: string, find: (name: string) => PythonValue | undefined) {
    super();
    this.name = name;
    this.find = find;
  }
}

/** A built-in type: called it converts, and `isinstance` asks it. */
export class TypeObject extends Callable {
  readonly name: string;
  readonly includes: (value: PythonValue) => boolean;

  constructor(name: string, call: (values: CallValues) => PythonValue, includes: (value: PythonValue) => boolean) {
    super(call);
    this.name = name;
    this.includes = includes;
  }

  override equals(other: PythonValue): boolean {
    return other === this;
  }
}

/** An exception class. */
export class ExceptionType extends Callable {
  readonly name: string;

  constructor(name: string) {
    super(({ positional }) => new ExceptionValue(this, positional));
    this.name = name;
  }
}

/** An exception as a value. What it says is only known where the code itself made it. */
export class ExceptionValue extends PythonObject {
  readonly typeName: string;
  readonly type: ExceptionType;
  readonly values: readonly PythonValue[] | null;

  constructor(type: ExceptionType, values: readonly PythonValue[] | null) {
    super();
    this.typeName = type.name;
    this.type = type;
    this.values = values;
  }

  override str(): string {
    const [message] = this.values ?? [];
    if (this.values?.length === 1 && typeof message === "string" && this.type.name !== "KeyError") return message;
    throw unsupported("the text of an exception");
  }
}

/** Calls a value. Throws TypeError for one that cannot be called, and what the call throws. */
export function callValue(callee: PythonValue, values: CallValues): PythonValue {
  if (callee instanceof Callable) return callee.call(values);
  if (callee instanceof Refused) throw unsupported(callee.reason);
  throw new PythonError("TypeError", "an object that is not callable is called");
}

/** Calls a value with positional arguments. */
export function callWith(callee: PythonValue, ...positional: readonly PythonValue[]): PythonValue {
  return callValue(callee, { positional, named: new Map() });
}
