import type { PythonRandom } from "../../evaluation/harness/python/random.ts";

/**
 * Productions by name, one a line: <name> stands for one of that name's, <a|b> for one of these words. The first line of
 * each name ends the recursion.
 */
export interface Grammar {
  readonly [name: string]: string;
}

const REFERENCE = /<([^<>\s=](?:[^<>]*[^<>\s])?)>/g;

/** What makes random texts of a grammar's names. */
export function readGrammar(grammar: Grammar, maximumDepth: number): (random: PythonRandom, name: string) => string {
  const productions = new Map(Object.entries(grammar).map(([name, text]) => [name, linesOf(text)]));
  const expand = (random: PythonRandom, name: string, depth: number): string => {
    const lines = productions.get(name);
    if (lines === undefined) return random.choice(name.split("|"));
    const chosen = depth > maximumDepth ? lines[0]! : random.choice(lines);
    return chosen.replaceAll(REFERENCE, (_, inner: string) => expand(random, inner, depth + 1));
  };
  return (random, name) => expand(random, name, 0);
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^ {4}/, ""))
    .filter((line) => line !== "");
}
