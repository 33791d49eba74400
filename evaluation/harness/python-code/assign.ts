import { dictSet } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import { isDict, isList, PythonObject, type PythonValue, typeName } from "../python/value.ts";
import type { Evaluate, Scope } from "./runtime.ts";
import type { Expression } from "./syntax.ts";

/** An object whose columns or members can be written. */
export interface Assignable {
  assign(key: PythonValue, value: PythonValue): void;
}

/** Binds a value in a scope. */
export type Assign = (value: PythonValue, scope: Scope) => void;

/** Compiles a target: a name, a member, or several at once. `compile` compiles the expressions within it. */
export function compileTarget(target: Expression, compile: (expression: Expression) => Evaluate): Assign {
  switch (target.kind) {
    case "name": {
      const { name } = target;
      return (value, scope) => scope.set(name, value);
    }
    case "tuple":
    case "list":
      return compileUnpacking(target.items, compile);
    case "subscript": {
      const [owner, index] = [compile(target.owner), compile(target.index)];
      return (value, scope) => setMember(owner(scope), index(scope), value);
    }
    default:
      throw unsupported(`assigning to ${target.kind === "attribute" ? "an attribute" : "such a target"}`);
  }
}

function compileUnpacking(items: readonly Expression[], compile: (expression: Expression) => Evaluate): Assign {
  const star = items.findIndex((item) => item.kind === "starred");
  const targets = items.map((item) => compileTarget(item.kind === "starred" ? item.value : item, compile));
  return (value, scope) => {
    const values = [...iterate(value)];
    if (star < 0 ? values.length !== items.length : values.length < items.length - 1) {
      throw new PythonError("ValueError", `cannot unpack ${values.length} values into ${items.length}`);
    }
    const surplus = values.length - items.length;
    targets.forEach((assign, index) => {
      if (index === star) assign(values.slice(index, index + surplus + 1), scope);
      else assign(values[star >= 0 && index > star ? index + surplus : index]!, scope);
    });
  };
}

/** Python's `owner[key] = value`. */
export function setMember(owner: PythonValue, key: PythonValue, value: PythonValue): void {
  if (isDict(owner)) return dictSet(owner as Map<PythonValue, PythonValue>, key, value);
  if (owner instanceof PythonObject && "assign" in owner) return (owner as unknown as Assignable).assign(key, value);
  if (!isList(owner)) {
    throw new PythonError("TypeError", `'${typeName(owner)}' object does not support item assignment`);
  }
  if (key instanceof PythonObject) throw unsupported("assigning to a slice");
  const index = toIndex(key);
  const at = index < 0 ? index + owner.length : index;
  if (at < 0 || at >= owner.length) throw new PythonError("IndexError", "list assignment index out of range");
  (owner as PythonValue[])[at] = value;
}
