// Which names a block binds: they are the function's own, unless it says otherwise.
import { namesOf } from "./parse-module.ts";
import type { Expression, Parameters, Statement } from "./syntax.ts";

/** Names that statements bind in their scope, without those declared `global` or `nonlocal`. */
export function boundNames(body: readonly Statement[]): ReadonlySet<string> {
  const bound = new Set<string>();
  const declared = new Set<string>();
  collect(body, bound, declared);
  for (const name of declared) bound.delete(name);
  return bound;
}

/** Names of a parameter list. */
export function parameterNames(parameters: Parameters): readonly string[] {
  const stars = [parameters.rest, parameters.others].filter((name): name is string => name !== null && name !== "");
  return [...parameters.names, ...parameters.named].map(({ name }) => name).concat(stars);
}

function collect(body: readonly Statement[], bound: Set<string>, declared: Set<string>): void {
  const add = (target: Expression): void => namesOf(target).forEach((name) => bound.add(name));
  for (const statement of body) {
    switch (statement.kind) {
      case "assign":
        statement.targets.forEach(add);
        break;
      case "augment":
        add(statement.target);
        break;
      case "for":
        add(statement.target);
        collect(statement.body, bound, declared);
        collect(statement.otherwise, bound, declared);
        break;
      case "while":
        collect(statement.body, bound, declared);
        collect(statement.otherwise, bound, declared);
        break;
      case "if":
        collect(statement.whenTrue, bound, declared);
        collect(statement.otherwise, bound, declared);
        break;
      case "try":
        for (const part of [statement.body, statement.otherwise, statement.last]) collect(part, bound, declared);
        for (const handler of statement.handlers) {
          if (handler.name !== null) bound.add(handler.name);
          collect(handler.body, bound, declared);
        }
        break;
      case "with":
        for (const { target } of statement.items) if (target !== null) add(target);
        collect(statement.body, bound, declared);
        break;
      case "def":
        bound.add(statement.name);
        break;
      case "import":
        bound.add(importedName(statement));
        break;
      case "from":
        for (const { as } of statement.names) bound.add(as);
        break;
      case "scope":
        statement.names.forEach((name) => declared.add(name));
        break;
      case "refused":
        statement.binds.forEach((name) => bound.add(name));
        break;
      default:
    }
  }
}

/** The name that `import module [as name]` binds. */
export function importedName({ module, name }: { readonly module: string; readonly name: string }): string {
  return name === "" ? module.split(".")[0]! : name;
}
