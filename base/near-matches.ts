/** Up to three of the names that are close to a mistyped one, closest first. */
export function nearMatches(word: string, names: readonly string[]): string[] {
  const bound = Math.max(1, Math.floor(word.length / 3));
  return names
    .map((name) => ({ name, distance: name.startsWith(word) ? 0.5 : editDistance(word, name) }))
    .filter(({ distance }) => distance <= bound)
    .toSorted((first, second) => first.distance - second.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Fewest single-letter insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      let best = Math.min(replaced, above[column]! + 1, current[column - 1]! + 1);
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, before[column - 2]! + 1);
      current.push(best);
    }
    [before, above] = [above, current];
  }
  return above[to.length]!;
}
