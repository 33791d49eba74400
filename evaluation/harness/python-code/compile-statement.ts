// Statements to closures. A statement gives nothing, or how it leaves its block.
import { dictGet } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, isList, PythonTuple, type PythonValue } from "../python/value.ts";
import { compileTarget } from "./assign.ts";
import { boundNames, importedName, parameterNames } from "./binding.ts";
import { applyBinary, compileExpression, compileParameters } from "./compile-expression.ts";
import { exceptionType, matchesException, raise } from "./exceptions.ts";
import { InterpretedFunction } from "./function-value.ts";
import { callWith, type Evaluate, ExceptionValue, Refused, type Scope } from "./runtime.ts";
import type { Expression, Statement } from "./syntax.ts";
import { TextFile } from "./text-files.ts";

/** How a block is left before its end. */
type Leave = "break" | "continue" | { readonly value: PythonValue };
type Execute = (scope: Scope) => Leave | undefined;

/** Finds what an import names; a module's scope gives it. */
export interface Importer {
  importModule(name: string): PythonValue;
  importMember(module: string, name: string): PythonValue;
}

/** Compiles statements one by one. */
export class StatementCompiler {
  readonly #importer: Importer;

  constructor(importer: Importer) {
    this.#importer = importer;
  }

  block(body: readonly Statement[]): Execute {
    const statements = body.map((statement) => this.statement(statement));
    return (scope) => {
      for (const execute of statements) {
        const leave = execute(scope);
        if (leave !== undefined) return leave;
      }
      return undefined;
    };
  }

  statement(statement: Statement): Execute {
    switch (statement.kind) {
      case "expression":
        return this.#value(statement.value, () => undefined);
      case "assign":
        return this.#assign(statement);
      case "augment":
        return this.#augment(statement);
      case "return": {
        const value = statement.value === null ? () => null : compileExpression(statement.value);
        return (scope) => ({ value: value(scope) });
      }
      case "if": {
        const test = compileExpression(statement.test);
        const [whenTrue, otherwise] = [this.block(statement.whenTrue), this.block(statement.otherwise)];
        return (scope) => (isTruthy(test(scope)) ? whenTrue(scope) : otherwise(scope));
      }
      case "for":
        return this.#for(statement);
      case "while":
        return this.#while(statement);
      case "break":
        return () => "break";
      case "continue":
        return () => "continue";
      case "pass":
        return () => undefined;
      case "scope":
        // A name declared `global` is read as any other; binding it from within a function is refused.
        return this.#refuse(`${statement.word} ${statement.names.join(", ")}`);
      case "raise":
        return this.#raise(statement.value);
      case "try":
        return this.#try(statement);
      case "assert":
        return this.#assert(statement);
      case "def":
        return this.#define(statement);
      case "with":
        return this.#with(statement);
      case "import": {
        const [name, module] = [
          importedName(statement),
          statement.name === "" ? statement.module.split(".")[0]! : statement.module,
        ];
        return (scope) => {
          scope.set(name, this.#importer.importModule(module));
          return undefined;
        };
      }
      case "from":
        return (scope) => {
          for (const { name, as } of statement.names)
            scope.set(as, this.#importer.importMember(statement.module, name));
        };
      case "delete":
        return this.#delete(statement.targets);
      case "refused":
        return this.#refuse(statement.construct);
    }
  }

  #refuse(construct: string): never {
    throw unsupported(construct);
  }

  #value(expression: Expression, use: (value: PythonValue, scope: Scope) => void): Execute {
    const evaluate = compileExpression(expression);
    return (scope) => {
      use(evaluate(scope), scope);
      return undefined;
    };
  }

  #assign({ targets, value }: Extract<Statement, { kind: "assign" }>): Execute {
    const assigns = targets.map((target) => compileTarget(target, compileExpression));
    return this.#value(value, (result, scope) => {
      for (const assign of assigns) assign(result, scope);
    });
  }

  #augment({ target, operator, value }: Extract<Statement, { kind: "augment" }>): Execute {
    const [before, change] = [compileExpression(target), compileExpression(value)];
    const assign = compileTarget(target, compileExpression);
    return (scope) => {
      const old = before(scope);
      const by = change(scope);
      // A list grows in place, so that whoever else holds it sees it.
      if (operator === "+" && isList(old)) (old as PythonValue[]).push(...iterate(by));
      else assign(applyBinary(operator, old, by), scope);
      return undefined;
    };
  }

  #for({ target, source, body, otherwise }: Extract<Statement, { kind: "for" }>): Execute {
    const values = compileExpression(source);
    const assign = compileTarget(target, compileExpression);
    const [run, last] = [this.block(body), this.block(otherwise)];
    return (scope) => {
      for (const value of iterate(values(scope))) {
        scope.counter.step();
        assign(value, scope);
        const leave = run(scope);
        if (leave === "break") return undefined;
        if (leave !== undefined && leave !== "continue") return leave;
      }
      return last(scope);
    };
  }

  #while({ test, body, otherwise }: Extract<Statement, { kind: "while" }>): Execute {
    const condition = compileExpression(test);
    const [run, last] = [this.block(body), this.block(otherwise)];
    return (scope) => {
      while (isTruthy(condition(scope))) {
        scope.counter.step();
        const leave = run(scope);
        if (leave === "break") return undefined;
        if (leave !== undefined && leave !== "continue") return leave;
      }
      return last(scope);
    };
  }

  #raise(value: Expression | null): Execute {
    if (value === null) throw unsupported("raise without an exception");
    const evaluate = compileExpression(value);
    return (scope) => raise(evaluate(scope));
  }

  #assert({ test, message }: Extract<Statement, { kind: "assert" }>): Execute {
    const condition = compileExpression(test);
    const text: Evaluate = message === null ? () => "" : compileExpression(message);
    return (scope) => {
      if (!isTruthy(condition(scope))) raise(callWith(exceptionType("AssertionError")!, text(scope)));
      return undefined;
    };
  }

  #try({ body, handlers, otherwise, last }: Extract<Statement, { kind: "try" }>): Execute {
    const [run, noError, ending] = [this.block(body), this.block(otherwise), this.block(last)];
    const caught = handlers.map(({ types, name, body: handling }) => ({
      types: types === null ? null : compileExpression(types),
      name,
      run: this.block(handling),
    }));
    const attempt: Execute = (scope) => {
      try {
        const leave = run(scope);
        if (leave !== undefined) return leave;
      } catch (error) {
        if (!(error instanceof PythonError) || error.type === "Unsupported") throw error;
        const handler = caught.find(({ types }) => types === null || matchesException(error, types(scope)));
        if (handler === undefined) throw error;
        if (handler.name !== null)
          scope.set(handler.name, new ExceptionValue(exceptionType(error.type)!, error.values));
        return handler.run(scope);
      }
      return noError(scope);
    };
    if (last.length === 0) return attempt;
    return (scope) => {
      let leave: Leave | undefined;
      try {
        leave = attempt(scope);
      } catch (error) {
        const instead = ending(scope);
        if (instead !== undefined) return instead;
        throw error;
      }
      return ending(scope) ?? leave;
    };
  }

  /** Only files can be entered: leaving them does nothing. */
  #with({ items, body }: Extract<Statement, { kind: "with" }>): Execute {
    const entered = items.map(({ value, target }) => ({
      value: compileExpression(value),
      assign: target === null ? null : compileTarget(target, compileExpression),
    }));
    const run = this.block(body);
    return (scope) => {
      for (const { value, assign } of entered) {
        const file = value(scope);
        if (!(file instanceof TextFile)) throw unsupported("with something else than a file");
        assign?.(file, scope);
      }
      return run(scope);
    };
  }

  #define({ name, parameters, body, decorators }: Extract<Statement, { kind: "def" }>): Execute {
    if (decorators.length > 0) throw unsupported(`the decorators of ${name}`);
    const run = this.block(body);
    const bind = compileParameters(parameters);
    const locals = new Set([...boundNames(body), ...parameterNames(parameters)]);
    return (scope) => {
      const made = new InterpretedFunction({ name, bound: bind(scope), locals, syntax: body, scope }, (own) => {
        const leave = run(own);
        return typeof leave === "object" ? leave.value : null;
      });
      scope.set(name, made);
      return undefined;
    };
  }

  #delete(targets: readonly Expression[]): Execute {
    const members = targets
      .flatMap((target) => (target.kind === "tuple" ? target.items : [target]))
      .map((target) => {
        if (target.kind !== "subscript") throw unsupported("del of something else than a member");
        return { owner: compileExpression(target.owner), index: compileExpression(target.index) };
      });
    return (scope) => {
      for (const { owner, index } of members) removeMember(owner(scope), index(scope));
      return undefined;
    };
  }
}

function removeMember(owner: PythonValue, key: PythonValue): void {
  if (isDict(owner)) {
    if (dictGet(owner, key) === undefined) throw new PythonError("KeyError", "the key to delete is not there");
    (owner as Map<PythonValue, PythonValue>).delete(key);
  } else if (isList(owner) && typeof key === "number") {
    const at = toIndex(key) < 0 ? toIndex(key) + owner.length : toIndex(key);
    if (at < 0 || at >= owner.length) throw new PythonError("IndexError", "list assignment index out of range");
    (owner as PythonValue[]).splice(at, 1);
  } else throw unsupported(owner instanceof PythonTuple ? "del of a tuple's member" : "del of such a member");
}

/** A name's statement failed: the name is refused wherever it is used. */
export function refuseNames(names: Iterable<string>, reason: string, scope: Scope): void {
  for (const name of names) scope.set(name, new Refused(reason));
}
