// Attributes and members of values, as Python code (not a template) sees them: methods may change their owner.
import { Callable, makePairs, Range } from "../jinja/runtime-value.ts";
import { methodOf } from "../jinja/methods.ts";
import { dictGet, dictHas, dictSet, numericValue } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { iterate, memberAt, sliceOf, toIndex } from "../python/sequence.ts";
import {
  isDict,
  isFloat,
  isInt,
  isList,
  PythonObject,
  PythonSet,
  PythonTuple,
  type PythonValue,
  typeName,
} from "../python/value.ts";
import { encodeText } from "./encoded-text.ts";
import { formatTemplate } from "../python/format-template.ts";
import { DICT_METHODS, LIST_METHODS, type Mutators, SET_METHODS } from "./mutators.ts";
import { callValue, ModuleObject, Refused, TypeObject } from "./runtime.ts";
import { CounterDict, DefaultDict } from "./sets.ts";
import { SliceValue } from "./slice-value.ts";
import { makeTranslation, translate } from "./translate.ts";

/** An object with attributes of its own; undefined for one that it does not have. */
export interface Attributed {
  attribute(name: string): PythonValue | undefined;
}

/** An object with members of its own. */
export interface Subscriptable {
  subscript(key: PythonValue): PythonValue;
}

/** Python's `owner.name`. */
export function attributeOf(owner: PythonValue, name: string): PythonValue {
  if (owner instanceof Refused) throw unsupported(owner.reason);
  if (owner instanceof ModuleObject) return memberOfModule(owner, name);
  if (owner instanceof TypeObject) return memberOfType(owner, name);
  if (owner instanceof PythonObject) {
    const found = "attribute" in owner ? (owner as unknown as Attributed).attribute(name) : undefined;
    if (found === undefined) throw unsupported(`the attribute ${name} of a ${owner.typeName}`);
    return found;
  }
  const method = methodFor(owner, name);
  if (method === undefined) {
    if (name.startsWith("__")) throw unsupported(`the attribute ${name}`);
    throw new PythonError("AttributeError", `'${typeName(owner)}' object has no attribute '${name}'`);
  }
  return method;
}

/** A method taken from its type: its first argument is the owner. */
function memberOfType(type: TypeObject, name: string): PythonValue {
  if (type.name === "str" && name === "maketrans") return new Callable(makeTranslation);
  if (type.name === "dict" && name === "fromkeys") {
    return new Callable(({ positional: [keys, value] }) => {
      const dict = new Map<PythonValue, PythonValue>();
      for (const key of iterate(keys!)) dictSet(dict, key, value ?? null);
      return dict;
    });
  }
  if (name.startsWith("__")) throw unsupported(`the attribute ${name} of a type`);
  return new Callable(({ positional: [owner, ...positional], named }) => {
    if (owner === undefined || !type.includes(owner))
      throw new PythonError("TypeError", `${type.name}.${name} needs a ${type.name}`);
    return callValue(attributeOf(owner, name), { positional, named });
  });
}

/** Whether Python's types have a method of that name that is done here; for looking at code before it runs. */
export function isKnownMethod(name: string): boolean {
  const owners: readonly PythonValue[] = ["", [], new Map(), new PythonSet([]), new PythonTuple([]), 0.5];
  return owners.some((owner) => {
    try {
      return methodFor(owner, name) !== undefined;
    } catch {
      return false;
    }
  });
}

function memberOfModule(module: ModuleObject, name: string): PythonValue {
  const found = module.find(name);
  if (found === undefined) throw unsupported(`${module.name}.${name}`);
  if (found instanceof Refused) throw unsupported(found.reason);
  return found;
}

function methodFor(owner: PythonValue, name: string): Callable | undefined {
  if (typeof owner === "string" && name === "encode") return encodeText(owner);
  if (isFloat(owner) && name === "is_integer") return new Callable(() => Number.isInteger(Number(numericValue(owner))));
  if (typeof owner === "string" && name === "translate")
    return new Callable(({ positional: [table] }) => translate(owner, table!));
  if (typeof owner === "string" && name === "format")
    return new Callable((values) => formatTemplate(owner, values, { attributeOf, subscriptOf }));
  if (isList(owner)) return bound(LIST_METHODS, owner as PythonValue[], name) ?? methodOf(owner, name);
  if (owner instanceof PythonSet) return bound(SET_METHODS, owner, name);
  if (isDict(owner)) {
    if (owner instanceof CounterDict && name === "most_common") return mostCommon(owner);
    const dict = owner as Map<PythonValue, PythonValue>;
    return bound(DICT_METHODS, dict, name) ?? methodOf(owner, name);
  }
  return methodOf(owner, name);
}

function bound<Owner>(methods: Mutators<Owner>, owner: Owner, name: string): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name]! : undefined;
  return method === undefined ? undefined : new Callable((values) => method(owner, values));
}

function mostCommon(counter: CounterDict): Callable {
  return new Callable(({ positional: [count] }) => {
    // Stable: equal counts stay in the order of their first appearance.
    const sorted = makePairs(counter).toSorted((left, right) => Number(right.values[1]) - Number(left.values[1]));
    return count === undefined || count === null ? sorted : sorted.slice(0, Math.max(0, toIndex(count)));
  });
}

/** Python's `owner[key]`. */
export function subscriptOf(owner: PythonValue, key: PythonValue): PythonValue {
  if (owner instanceof Refused) throw unsupported(owner.reason);
  if (key instanceof SliceValue) return slice(owner, key);
  if (isDict(owner)) return memberOfDict(owner as Map<PythonValue, PythonValue>, key);
  const sequence =
    typeof owner === "string" || isList(owner)
      ? owner
      : owner instanceof PythonTuple || owner instanceof Range
        ? owner.values
        : null;
  if (sequence !== null) {
    if (!isInt(key) && typeof key !== "boolean") {
      throw new PythonError("TypeError", `${typeName(owner)} indices must be integers, not ${typeName(key)}`);
    }
    const found = memberAt(sequence, toIndex(key));
    if (found === undefined) throw new PythonError("IndexError", `${typeName(owner)} index out of range`);
    return found;
  }
  if (owner instanceof PythonObject && "subscript" in owner) return (owner as unknown as Subscriptable).subscript(key);
  if (owner instanceof PythonObject) throw unsupported(`members of a ${owner.typeName}`);
  throw new PythonError("TypeError", `'${typeName(owner)}' object is not subscriptable`);
}

function slice(owner: PythonValue, { bounds }: SliceValue): PythonValue {
  const [start, stop, step] = bounds.map((bound) => (bound === null ? null : toIndex(bound)));
  if (owner instanceof Range) return sliceOf(owner.values, { start: start!, stop: stop!, step: step! });
  if (owner instanceof PythonObject && "subscript" in owner) throw unsupported(`slices of a ${owner.typeName}`);
  return sliceOf(owner, { start: start!, stop: stop!, step: step! });
}

function memberOfDict(dict: Map<PythonValue, PythonValue>, key: PythonValue): PythonValue {
  const found = dictGet(dict, key);
  if (found !== undefined || dictHas(dict, key)) return found!;
  if (dict instanceof CounterDict) return 0;
  if (dict instanceof DefaultDict) {
    const made = dict.make();
    dictSet(dict, key, made);
    return made;
  }
  throw new PythonError("KeyError", repr(key));
}
