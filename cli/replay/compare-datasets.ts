import type { PlanDataset } from "../../evaluation/plan.ts";

/** What is to be said of data sets, then and now. */
export interface DatasetComparison {
  /** What makes it another run, a sentence each. */
  readonly differences: readonly string[];
  /** What is new and changes nothing by itself. */
  readonly notes: readonly string[];
  /** Commands that bring back what the hub had then. */
  readonly pulls: readonly string[];
}

/** Compares what was read by digest, wherever it lay. */
export function compareDatasets(before: readonly PlanDataset[], now: readonly PlanDataset[]): DatasetComparison {
  const [old, current] = [Map.groupBy(before, nameOf), Map.groupBy(now, nameOf)];
  const differences: string[] = [];
  const notes: string[] = [];
  const pulls = new Set<string>();
  for (const name of new Set([...old.keys(), ...current.keys()])) {
    const [had, has] = [old.get(name), current.get(name)];
    if (has === undefined) differences.push(`the data set ${name} is not read any more`);
    else if (had === undefined) differences.push(`the data set ${name} was not read before`);
    else {
      const [commitBefore, commitNow] = [commitOf(had), commitOf(has)];
      const isMoved = commitBefore !== null && commitNow !== null && commitBefore !== commitNow;
      const commits = isMoved ? `, at the commit ${short(commitNow)}; it was ${short(commitBefore)}` : "";
      const other = has.findIndex(({ sha256 }, position) => sha256 !== had[position]?.sha256);
      if (other >= 0 || has.length !== had.length) {
        const bytes = [has, had].map((files) => short(files[Math.max(0, other)]?.sha256 ?? "none"));
        differences.push(`the data set ${name} has other bytes (${bytes[0]}; it had ${bytes[1]})${commits}`);
        if (commitBefore !== null) pulls.add(`muster data pull ${had[0]!.dataset} --revision ${commitBefore}`);
      } else if (isMoved) notes.push(`the data set ${name} has the same bytes${commits}`);
    }
  }
  return { differences, notes, pulls: [...pulls] };
}

function nameOf({ dataset, split }: PlanDataset): string {
  return `${dataset} (${split})`;
}

/** The commit in a hub's address; null for local files. */
function commitOf([first]: readonly PlanDataset[]): string | null {
  return /\/resolve\/([0-9a-f]{40})\//.exec(first!.source)?.[1] ?? null;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
