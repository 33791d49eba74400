import { PythonError } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { isDict, isInt, isList, type PythonDict, type PythonValue, typeName } from "../python/value.ts";
import type { FilterSettings } from "./response-filter.ts";

/** Reads a filter's arguments and knows which of them nobody asked for. */
export class NamedFilterSettings implements FilterSettings {
  readonly #given: Map<PythonValue, PythonValue>;

  constructor(given: PythonDict) {
    this.#given = new Map(given);
    this.#given.delete("function");
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  take(name: string, fallback: PythonValue): PythonValue {
    const value = this.#given.get(name);
    this.#given.delete(name);
    return value === undefined ? fallback : value;
  }

  /** Throws TypeError, as Python does, where an argument is left. */
  assertAllTaken(): void {
    const [unknown] = this.#given.keys();
    if (unknown === undefined) return;
    throw new PythonError("TypeError", `got an unexpected keyword argument ${repr(unknown)}`);
  }
}

/** A text argument. */
export function takeText(settings: FilterSettings, name: string, fallback: string): string {
  const value = settings.take(name, fallback);
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `${name} is a ${typeName(value)}, not a text`);
}

/** An argument that must be a whole number. */
export function takeInteger(settings: FilterSettings, name: string, fallback: number): number {
  const value = settings.take(name, fallback);
  if (isInt(value) && typeof value === "number") return value;
  throw new PythonError("TypeError", `${name} is a ${typeName(value)}, not an int`);
}

/** A list of texts, or null where it is not given. */
export function takeTexts(settings: FilterSettings, name: string): readonly string[] | null {
  const value = settings.take(name, null);
  if (value === null) return null;
  if (isList(value) && value.every((member) => typeof member === "string")) return value;
  throw new PythonError("TypeError", `${name} is not a list of texts`);
}

/** A mapping, or null where it is not given. */
export function takeDict(settings: FilterSettings, name: string): PythonDict | null {
  const value = settings.take(name, null);
  if (value === null || isDict(value)) return value;
  throw new PythonError("TypeError", `${name} is a ${typeName(value)}, not a mapping`);
}
