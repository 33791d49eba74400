/** How often each n-gram occurs. */
export type NgramCounts = ReadonlyMap<string, number>;

/** Counts runs of `order` words; words hold no spaces. */
export function countWordNgrams(words: readonly string[], order: number): NgramCounts {
  return countOf(words.length - order + 1, (start) =>
    order === 1 ? words[start]! : words.slice(start, start + order).join(" "),
  );
}

/** Counts runs of `order` characters. */
export function countCharacterNgrams(characters: string | readonly string[], order: number): NgramCounts {
  return countOf(characters.length - order + 1, (start) => {
    const run = characters.slice(start, start + order);
    return typeof run === "string" ? run : run.join("");
  });
}

/** How many n-grams of the one are in the other, each at most as often as there. */
export function countMatches(counts: NgramCounts, others: NgramCounts): number {
  let matches = 0;
  for (const [ngram, count] of counts) matches += Math.min(count, others.get(ngram) ?? 0);
  return matches;
}

/** How many n-grams there are. */
export function totalOf(counts: NgramCounts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function countOf(positions: number, ngramAt: (start: number) => string): NgramCounts {
  const counts = new Map<string, number>();
  for (let start = 0; start < positions; start += 1) {
    const ngram = ngramAt(start);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}
