import type { SliceBounds } from "../python/code-points.ts";
import { dictGet } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { memberAt, sliceOf, toIndex } from "../python/sequence.ts";
import { isDict, isInt, isList, PythonObject, PythonTuple, type PythonValue } from "../python/value.ts";
import { LoopState } from "./loop-state.ts";
import { methodOf } from "./methods.ts";
import { operand } from "./operand.ts";
import { GroupTuple, Markup, Namespace, Range } from "./runtime-value.ts";
import { missingMember, Undefined } from "./undefined.ts";

/** Jinja's `owner.name`: an attribute, else a member. */
export function attribute(owner: PythonValue, name: string): PythonValue {
  let found = attributeOf(owner, name);
  if (found === undefined) found = itemOf(owner, name);
  return found === undefined ? missingMember(owner, name) : found;
}

/** Jinja's `owner[key]`: a member, else an attribute of that name. */
export function subscript(owner: PythonValue, key: PythonValue): PythonValue {
  if (owner instanceof Undefined) return owner.fail();
  let found = itemOf(owner, key);
  if (found === undefined && typeof key === "string") found = attributeOf(owner, key);
  return found === undefined ? missingMember(owner, key) : found;
}

/** Jinja's `owner[start:stop:step]`. Unlike a missing member, what has no slices is an error at once. */
export function slice(owner: PythonValue, bounds: SliceBounds): PythonValue {
  return sliceOf(operand(owner), bounds);
}

function attributeOf(owner: PythonValue, name: string): PythonValue | undefined {
  const internal = owner instanceof PythonObject || owner instanceof GroupTuple ? "_" : "__";
  if (name.startsWith(internal)) throw unsupported(`the attribute ${name}`);
  if (owner instanceof Undefined) return owner.fail();
  if (owner instanceof LoopState) return owner.attribute(name);
  if (owner instanceof Namespace) return owner.attributes.get(name);
  if (owner instanceof GroupTuple && name === "grouper") return owner.values[0];
  if (owner instanceof GroupTuple && name === "list") return owner.values[1];
  if (owner instanceof PythonObject) throw unsupported(`attributes of a ${owner.typeName}`);
  return methodOf(owner, name);
}

function itemOf(owner: PythonValue, key: PythonValue): PythonValue | undefined {
  if (owner instanceof Markup) return operand(owner);
  if (isDict(owner)) return key instanceof Undefined ? key.fail() : memberOfDict(owner, key);
  if (!isInt(key) && typeof key !== "boolean") return undefined;
  if (typeof owner === "string" || isList(owner)) return memberAt(owner, toIndex(key));
  return owner instanceof PythonTuple || owner instanceof Range ? memberAt(owner.values, toIndex(key)) : undefined;
}

function memberOfDict(owner: ReadonlyMap<PythonValue, PythonValue>, key: PythonValue): PythonValue | undefined {
  try {
    return dictGet(owner, key);
  } catch (error) {
    // An unhashable key is one that the dict does not have.
    if (error instanceof PythonError && error.type === "TypeError") return undefined;
    throw error;
  }
}
