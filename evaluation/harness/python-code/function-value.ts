import { Callable, type CallValues } from "../jinja/runtime-value.ts";
import { PythonError } from "../python/python-error.ts";
import { PythonTuple, type PythonValue } from "../python/value.ts";
import { parameterNames } from "./binding.ts";
import { Scope } from "./runtime.ts";
import type { Expression, Parameters, Statement } from "./syntax.ts";

/** Parameters with their defaults evaluated, as they are when the function is defined. */
export interface BoundParameters {
  readonly parameters: Parameters;
  readonly defaults: ReadonlyMap<string, PythonValue>;
}

/** A function that is defined in Python. */
export class InterpretedFunction extends Callable {
  readonly name: string;
  readonly syntax: readonly Statement[] | Expression;
  readonly scope: Scope;
  readonly parameters: readonly string[];

  constructor(
    definition: {
      readonly name: string;
      readonly bound: BoundParameters;
      readonly locals: ReadonlySet<string>;
      readonly syntax: readonly Statement[] | Expression;
      readonly scope: Scope;
    },
    run: (scope: Scope) => PythonValue,
  ) {
    const { name, bound, locals, scope } = definition;
    super((values) => {
      scope.counter.step();
      const own = new Scope(scope, scope.counter, locals);
      bindArguments(name, bound, values, own);
      return run(own);
    });
    this.name = name;
    this.parameters = parameterNames(bound.parameters);
    this.syntax = definition.syntax;
    this.scope = scope;
  }
}

/** Puts a call's arguments into the function's scope. Throws TypeError where they do not fit. */
function bindArguments(name: string, bound: BoundParameters, values: CallValues, scope: Scope): void {
  const { parameters, defaults } = bound;
  const { positional } = values;
  const fail = (message: string): never => {
    throw new PythonError("TypeError", `${name}() ${message}`);
  };
  parameters.names.forEach((parameter, index) => {
    if (index < positional.length) scope.set(parameter.name, positional[index]!);
  });
  const surplus = positional.slice(parameters.names.length);
  if (parameters.rest !== null && parameters.rest !== "") scope.set(parameters.rest, new PythonTuple(surplus));
  else if (surplus.length > 0) fail("takes fewer positional arguments");
  const others = new Map<PythonValue, PythonValue>();
  const known = [...parameters.names, ...parameters.named];
  for (const [key, value] of values.named) {
    if (!known.some((parameter) => parameter.name === key)) {
      if (parameters.others === null) fail(`got an unexpected keyword argument '${key}'`);
      others.set(key, value);
    } else if (scope.variables.has(key)) fail(`got multiple values for argument '${key}'`);
    else scope.set(key, value);
  }
  if (parameters.others !== null) scope.set(parameters.others, others);
  for (const parameter of known) {
    if (scope.variables.has(parameter.name)) continue;
    const fallback = defaults.get(parameter.name);
    if (fallback === undefined) fail(`misses the argument '${parameter.name}'`);
    else scope.set(parameter.name, fallback);
  }
}
