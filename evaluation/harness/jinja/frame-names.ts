// Jinja decides when it compiles a template which frame owns a name (`jinja2/idtracking.py`): the template, a loop's body,
// a set block. A name that a frame writes is that frame's from its start, so a loop above the `set` that reads it finds
// nothing, even where the document has a column of that name. These rules are followed here to know those names.
import { namesIn, namesOf } from "./expression-names.ts";
import type { Branch, Expression, Statement, Target } from "./syntax.ts";

type Origin = "parameter" | "outer" | "document" | "nothing";

/** The names that one frame reads and writes, and where each has its first value from. */
export class FrameNames {
  readonly #outer: FrameNames | null;
  #origins = new Map<string, Origin>();
  #written = new Set<string>();

  constructor(outer: FrameNames | null, parameters: readonly string[] = []) {
    this.#outer = outer;
    for (const name of parameters) this.#origins.set(name, "parameter");
  }

  /** Adds what the frame's statements do, in their order. */
  visit(statements: readonly Statement[]): this {
    for (const statement of statements) this.#visit(statement);
    return this;
  }

  /** The names that have no value when the frame starts, whatever the document says. */
  unset(): string[] {
    return [...this.#origins].filter(([, origin]) => origin === "nothing").map(([name]) => name);
  }

  #visit(statement: Statement): void {
    switch (statement.kind) {
      case "text":
        return;
      case "output":
        return this.#readAll(statement.expression);
      case "if":
        return this.#visitIf(statement.branches, statement.otherwise);
      // The parts of a loop and of a set block are frames of their own.
      case "for":
        return this.#readAll(statement.iterable);
      case "set":
        this.#readAll(statement.value);
        return this.#write(statement.target);
      case "setBlock":
        return this.#write(statement.target);
    }
  }

  #visitIf([first, ...others]: readonly Branch[], otherwise: readonly Statement[]): void {
    if (first === undefined) return;
    this.#readAll(first.test);
    const parts = [this.#copy().visit(first.body), this.#copy(), this.#copy().visit(otherwise)];
    for (const branch of others) parts[1]!.#visitIf([branch], []);
    const writers = new Map<string, number>();
    for (const part of parts) {
      for (const name of part.#written) {
        if (!this.#written.has(name)) writers.set(name, (writers.get(name) ?? 0) + 1);
      }
    }
    for (const part of parts) {
      for (const [name, origin] of part.#origins) this.#origins.set(name, origin);
      for (const name of part.#written) this.#written.add(name);
    }
    for (const [name, count] of writers) {
      if (count < parts.length) this.#origins.set(name, this.#isOutside(name) ? "outer" : "document");
    }
  }

  #readAll(expression: Expression): void {
    for (const name of namesIn(expression)) this.#read(name);
  }

  #read(name: string): void {
    if (!this.#knows(name)) this.#origins.set(name, "document");
  }

  #write(target: Target): void {
    if (target.kind === "namespace") return this.#read(target.name);
    for (const name of namesOf(target)) {
      this.#written.add(name);
      if (!this.#origins.has(name)) this.#origins.set(name, this.#isOutside(name) ? "outer" : "nothing");
    }
  }

  #knows(name: string): boolean {
    return this.#origins.has(name) || this.#isOutside(name);
  }

  #isOutside(name: string): boolean {
    return this.#outer !== null && this.#outer.#knows(name);
  }

  #copy(): FrameNames {
    const copy = new FrameNames(this.#outer);
    copy.#origins = new Map(this.#origins);
    copy.#written = new Set(this.#written);
    return copy;
  }
}
