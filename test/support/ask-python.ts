import { execFileSync } from "node:child_process";

const PROGRAM = `
import ast, json, math, random, re, struct, sys, warnings
warnings.simplefilter("ignore")
evaluators = {}
def answer(expression, names):
    if expression not in evaluators:
        evaluators[expression] = eval("lambda " + ", ".join(names) + ": " + expression)
    try:
        return [evaluators[expression](**names), None]
    except Exception as error:
        return [None, type(error).__name__]
json.dump([answer(expression, names) for expression, names in json.load(sys.stdin)], sys.stdout)
`;

/** A Python expression and the values of its names, which travel as JSON. */
export type Question = readonly [expression: string, names: Readonly<Record<string, unknown>>];

/** What an expression gives (as JSON carries it), or the type of the exception that it raises. */
export type Answer = readonly [value: unknown, error: string | null];

/** Evaluates expressions in one run of a real Python. */
export function askPython(python: string, questions: readonly Question[]): readonly Answer[] {
  const options = { input: JSON.stringify(questions), encoding: "utf8", maxBuffer: 1 << 30 } as const;
  return JSON.parse(execFileSync(python, ["-c", PROGRAM], options)) as Answer[];
}
