import { dictGet } from "../python/equality.ts";
import { memberAt, sliceOf, toIndex } from "../python/sequence.ts";
import { PythonError } from "../python/python-error.ts";
import type { SliceBounds } from "../python/code-points.ts";
import { isDict, isInt, isList, PythonTuple, type PythonValue } from "../python/value.ts";
import { methodOf } from "./methods.ts";
import { LoopState, missingMember, Namespace, Undefined } from "./runtime-value.ts";

/** Jinja's `owner.name`: an attribute, else a member. */
export function attribute(owner: PythonValue, name: string): PythonValue {
  if (owner instanceof Undefined) return owner.fail();
  return attributeOf(owner, name) ?? itemOf(owner, name) ?? missingMember(owner, name);
}

/** Jinja's `owner[key]`: a member, else an attribute of that name. */
export function subscript(owner: PythonValue, key: PythonValue): PythonValue {
  if (owner instanceof Undefined) return owner.fail();
  if (key instanceof Undefined) return key.fail();
  const item = itemOf(owner, key);
  if (item !== undefined) return item;
  return (typeof key === "string" ? attributeOf(owner, key) : undefined) ?? missingMember(owner, key);
}

/** Jinja's `owner[start:stop:step]`; what has no slices gives an undefined member. */
export function slice(owner: PythonValue, bounds: SliceBounds): PythonValue {
  if (owner instanceof Undefined) return owner.fail();
  try {
    return sliceOf(owner, bounds);
  } catch (error) {
    if (error instanceof PythonError && error.type === "TypeError") return missingMember(owner, "slice");
    throw error;
  }
}

function attributeOf(owner: PythonValue, name: string): PythonValue | undefined {
  if (owner instanceof LoopState) return owner.attribute(name);
  if (owner instanceof Namespace) return owner.attributes.get(name);
  return methodOf(owner, name);
}

function itemOf(owner: PythonValue, key: PythonValue): PythonValue | undefined {
  if (isDict(owner)) return dictGet(owner, key);
  if (!isInt(key) && typeof key !== "boolean") return undefined;
  if (typeof owner === "string" || isList(owner)) return memberAt(owner, toIndex(key));
  return owner instanceof PythonTuple ? memberAt(owner.values, toIndex(key)) : undefined;
}
