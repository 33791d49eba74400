// The Python modules of a task tree: read, run as far as they can be, and their functions handed out.
import { Callable } from "../jinja/runtime-value.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { PythonObject, type PythonValue } from "../python/value.ts";
import { auditFunction } from "./audit.ts";
import { boundNames } from "./binding.ts";
import { findBuiltin } from "./builtins.ts";
import { type Importer, refuseNames, StatementCompiler } from "./compile-statement.ts";
import { pairsOf } from "./members.ts";
import { parseModule } from "./parse-module.ts";
import { ModuleObject, Refused, Scope, StepCounter } from "./runtime.ts";
import { missingModule, StandardModules } from "./standard-modules.ts";
import { openText } from "./text-files.ts";
import type { Statement } from "./syntax.ts";

/** Where the texts of modules come from; absolute paths with slashes. */
export interface ModuleFiles {
  readText(file: string): string | null;
}

interface LoadedModule {
  readonly scope: Scope;
}

/** A set of modules that import each other. Each is run once, when it is first needed. */
export class PythonProgram {
  readonly #files: ModuleFiles;
  readonly #counter = new StepCounter();
  readonly #standard: StandardModules;
  readonly #builtins: Scope;
  readonly #modules = new Map<string, LoadedModule | Refused>();
  /** Files that each module imported or read. */
  readonly #needs = new Map<string, Set<string>>();
  /** The module whose statements run. */
  #loading: string | null = null;

  constructor(files: ModuleFiles) {
    this.#files = files;
    this.#standard = new StandardModules(this.#counter, (path) => this.#readBeside(path));
    this.#builtins = new BuiltinScope(this.#counter);
  }

  /** Texts of all files that a module needs, its own first: with them another program runs it as this one does. */
  textsOf(file: string): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    const add = (path: string): void => {
      if (texts.has(path)) return;
      const text = this.#files.readText(path);
      if (text === null) return;
      texts.set(path, text);
      for (const needed of this.#needs.get(path) ?? []) add(needed);
    };
    add(file);
    return texts;
  }

  /** A function of a module. Throws `unsupported` where the module has none that could be run. */
  find(file: string, name: string): PythonValue {
    const module = this.#load(file);
    if (module instanceof Refused) throw unsupported(module.reason);
    const value = module.scope.variables.get(name);
    if (value === undefined) throw unsupported(`${file} defines no ${name}`);
    if (value instanceof Refused) throw unsupported(value.reason);
    auditFunction(value);
    return value;
  }

  /** Calls a function from outside, with a fresh allowance of steps. */
  call(callee: PythonValue, ...positional: readonly PythonValue[]): PythonValue {
    this.#counter.begin();
    if (!(callee instanceof Callable)) throw unsupported("something that is no function");
    try {
      return callee.call({ positional, named: new Map() });
    } catch (error) {
      // A stack that is exhausted is Python's RecursionError, though not at the same depth.
      if (error instanceof RangeError) throw unsupported("code that calls itself so deeply");
      throw error;
    }
  }

  #load(file: string): LoadedModule | Refused {
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    const text = this.#files.readText(file);
    if (text === null) return new Refused(`there is no ${file}`);
    const scope = new Scope(this.#builtins, this.#counter);
    const module = { scope };
    this.#modules.set(file, module);
    scope.set(
      "open",
      new Callable(({ positional: [path, mode], named }) =>
        openText((name) => this.#readBeside(name), path!, mode ?? named.get("mode")),
      ),
    );
    scope.set("globals", new Callable(() => new Globals(scope)));
    scope.set("__file__", file);
    scope.set("__name__", moduleName(file));
    this.#counter.begin();
    const outer = this.#loading;
    this.#loading = file;
    try {
      this.#run(parseModule(text), file, scope);
      return module;
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      const refused = new Refused(`${file} cannot be run: ${error.message}`);
      this.#modules.set(file, refused);
      return refused;
    } finally {
      this.#loading = outer;
    }
  }

  /** Runs a module's statements. One that is refused makes the names that it binds refused, and the rest goes on. */
  #run(body: readonly Statement[], file: string, scope: Scope): void {
    const compiler = new StatementCompiler(this.#importer(file));
    for (const statement of body) {
      try {
        compiler.statement(statement)(scope);
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        if (error.type !== "Unsupported") throw error;
        refuseNames(boundNames([statement]), error.message, scope);
      }
    }
  }

  /** Files in the folders that modules were loaded from; no others. */
  #readBeside(path: string): string | null {
    const folder = `${path.slice(0, path.lastIndexOf("/"))}/`;
    if (path.includes("/../") || ![...this.#modules.keys()].some((file) => file.startsWith(folder))) return null;
    if (this.#loading !== null) this.#note(this.#loading, path);
    return this.#files.readText(path);
  }

  #note(importer: string, file: string): void {
    const needs = this.#needs.get(importer) ?? new Set<string>();
    this.#needs.set(importer, needs.add(file));
  }

  #importer(file: string): Importer {
    return {
      importModule: (name) => this.#standard.find(name) ?? this.#sourceModule(name, file) ?? missingModule(name),
      importMember: (module, name) => {
        const source = this.#standard.find(module) ?? this.#sourceModule(module, file);
        if (source === undefined || name === "*") return missingModule(module === "" ? name : module);
        const found = (source as ModuleObject).find(name);
        return found ?? this.#sourceModule(`${module}.${name}`, file) ?? new Refused(`${module}.${name} is needed`);
      },
    };
  }

  /** A module that lies in the tree: `lm_eval.tasks.x.y`, or relative to the importing file. */
  #sourceModule(name: string, importer: string): ModuleObject | undefined {
    const path = sourcePath(name, importer);
    if (path === null) return undefined;
    const file = [`${path}.py`, `${path}/__init__.py`].find((candidate) => this.#files.readText(candidate) !== null);
    if (file === undefined) return undefined;
    this.#note(importer, file);
    const module = this.#load(file);
    if (module instanceof Refused) return new ModuleObject(name, () => module);
    return new ModuleObject(name, (member) => module.scope.variables.get(member));
  }
}

/** Names that are always there. */
class BuiltinScope extends Scope {
  constructor(counter: StepCounter) {
    super(null, counter);
  }
  override find(name: string): PythonValue | undefined {
    return findBuiltin(name);
  }
}

function sourcePath(name: string, importer: string): string | null {
  const folder = importer.slice(0, importer.lastIndexOf("/"));
  const dots = /^\.+/.exec(name)?.[0].length ?? 0;
  if (dots > 0) {
    const base = folder.split("/").slice(0, dots === 1 ? undefined : 1 - dots);
    return [...base, ...name.slice(dots).split(".")].filter((part, index) => part !== "" || index === 0).join("/");
  }
  const root = folder.lastIndexOf("/lm_eval/");
  if (name.startsWith("lm_eval.") && root >= 0) return `${folder.slice(0, root)}/${name.replaceAll(".", "/")}`;
  return null;
}

function moduleName(file: string): string {
  return file.replace(/^[^]*\//, "").replace(/\.py$/, "");
}

/** What `globals()` gives: names can be written, and the module has them. */
class Globals extends PythonObject {
  readonly typeName = "globals";
  readonly #scope: Scope;

  constructor(scope: Scope) {
    super();
    this.#scope = scope;
  }

  assign(key: PythonValue, value: PythonValue): void {
    this.#scope.set(str(key), value);
  }

  attribute(name: string): PythonValue | undefined {
    if (name !== "update") return undefined;
    return new Callable(({ positional: [names] }) => {
      for (const [key, value] of pairsOf(names!)) this.assign(key, value);
      return null;
    });
  }
}
