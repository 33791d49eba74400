import { PythonProgram } from "../python-code/program.ts";
import { PythonObject, type PythonValue } from "../python/value.ts";

/** Gives the texts of Python modules by their file. */
export interface ModuleFiles {
  readText(file: string): string | null;
}

/** A function or class that a YAML file names with `!function`. */
export class PythonFunction extends PythonObject {
  readonly typeName = "function";
  /** The module's file, or its import name where no file lies beside the YAML. */
  readonly module: string;
  readonly name: string;
  /** Its text as `inspect.getsource` gives it, or null where it is not defined in that file by `def` or `class`. */
  readonly source: string | null;
  readonly #files: ModuleFiles;

  constructor(module: string, name: string, source: string | null, files: ModuleFiles) {
    super();
    this.module = module;
    this.name = name;
    this.source = source;
    this.#files = files;
  }

  /** The function, ready to be called. Throws PythonError `Unsupported` where it cannot be run exactly. */
  resolve(): PythonHelper {
    const program = programOf(this.#files);
    return new PythonHelper(program, program.find(this.module, this.name));
  }

  /**
   * The function with the texts of all that it needs, for a process that has no task files. Throws PythonError
   * `Unsupported` where it cannot be run exactly.
   */
  bundle(): { readonly file: string; readonly name: string; readonly modules: ReadonlyMap<string, string> } {
    const program = programOf(this.#files);
    program.find(this.module, this.name);
    const root = rootOf(this.module);
    const portable = (file: string): string => (file.startsWith(root) ? file.slice(root.length) : file);
    const modules = new Map(Array.from(program.textsOf(this.module), ([file, text]) => [portable(file), text]));
    return { file: portable(this.module), name: this.name, modules };
  }

  /** As the harness's `configs` print a callable. */
  override repr(): string {
    return this.source ?? `<function ${this.name}>`;
  }
}

/** The folder that a module's paths count from on every machine: the harness's own, or two above the module. */
function rootOf(module: string): string {
  const package_ = module.lastIndexOf("/lm_eval/");
  return package_ >= 0 ? module.slice(0, package_) : module.split("/").slice(0, -3).join("/");
}

/** A Python function that can be called. */
export class PythonHelper {
  readonly #program: PythonProgram;
  readonly #callee: PythonValue;

  constructor(program: PythonProgram, callee: PythonValue) {
    this.#program = program;
    this.#callee = callee;
  }

  /** Calls it. Throws PythonError for what it raises, and for what cannot be done exactly. */
  call(...values: readonly PythonValue[]): PythonValue {
    return this.#program.call(this.#callee, ...values);
  }
}

const programs = new WeakMap<ModuleFiles, PythonProgram>();

/** One program for all tasks that are read from the same files. */
function programOf(files: ModuleFiles): PythonProgram {
  let program = programs.get(files);
  if (program === undefined) {
    program = new PythonProgram(files);
    programs.set(files, program);
  }
  return program;
}

/**
 * The text of a top-level `def NAME` or `class NAME` with its decorators, as `inspect.getsource` gives it: up to the
 * last line of its block, without blank lines and outer comments after it. Null where there is none.
 */
export function findPythonSource(moduleText: string, name: string): string | null {
  const lines = moduleText.replaceAll(/\r\n?/g, "\n").split(/(?<=\n)/);
  const definition = new RegExp(`^(?:async\\s+def|def|class)\\s+${name}\\b`);
  // Of several definitions the last is what the module's name means.
  const start = lines.findLastIndex((line) => definition.test(line));
  if (start < 0) return null;
  let first = start;
  for (let index = start - 1; index >= 0; index -= 1) {
    const line = lines[index] ?? "";
    if (line.startsWith("@")) first = index;
    else if (!/^\s*(?:#|$)/.test(line)) break;
  }
  return lines.slice(first, endOfBlock(lines, start)).join("");
}

/** Line after the block that starts at `start`: brackets and triple quotes are followed, indentation decides. */
function endOfBlock(lines: readonly string[], start: number): number {
  const scanner = new LineScanner();
  let bodyColumn = Number.POSITIVE_INFINITY;
  let end = start + 1;
  for (let index = start; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const isInside = scanner.isInside;
    const column = line.length - line.trimStart().length;
    const first = line.charAt(column);
    const isCode = first !== "" && first !== "#";
    if (index > start && !isInside && isCode) {
      if (column === 0) break;
      bodyColumn = Math.min(bodyColumn, column);
    }
    scanner.read(line);
    // Comments after the last statement belong to the block where they are indented like its body.
    if (isInside || isCode || (first === "#" && column >= bodyColumn)) end = index + 1;
  }
  return end;
}

/** Knows after each line whether a bracket, a triple-quoted text or a backslash carries on to the next. */
class LineScanner {
  #depth = 0;
  #quote = "";
  #isContinued = false;

  get isInside(): boolean {
    return this.#depth > 0 || this.#quote !== "" || this.#isContinued;
  }

  read(line: string): void {
    const token = /\\[^]|'''|"""|['"]|[[({]|[\])}]|#|[^\\'"[({\])}#]+/gy;
    this.#isContinued = this.#quote === "" && /\\\n?$/.test(line);
    for (const [part] of line.matchAll(token)) {
      if (this.#quote !== "") {
        if (part === this.#quote) this.#quote = "";
      } else if (part === "#") return;
      else if (/^['"]/.test(part)) this.#quote = part;
      else if (/^[[({]$/.test(part)) this.#depth += 1;
      else if (/^[\])}]$/.test(part)) this.#depth -= 1;
    }
    // A single-quoted text ends with its line.
    if (this.#quote.length === 1) this.#quote = "";
  }
}
