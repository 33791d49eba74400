import { type Compared, compareRuns } from "./compare-runs.ts";
import type { GoldenCluster } from "./golden-cluster.ts";
import type { GoldenFile } from "./golden-runs.ts";

/** What came of running all golden files on one cluster. */
export interface SessionOutcome {
  readonly equal: number;
  readonly taskRuns: number;
  readonly groupsDiffer: number;
  /** Agents that executed nothing. */
  readonly idle: readonly string[];
}

/** Runs every file, tells `say` what differs and who did the work, and counts. */
export async function runGoldenFiles(
  cluster: Pick<GoldenCluster, "run" | "executed">,
  files: readonly GoldenFile[],
  { datasetMap, say }: { readonly datasetMap: string; readonly say: (line: string) => void },
): Promise<SessionOutcome> {
  let [equal, taskRuns, groupsDiffer] = [0, 0, 0];
  for (const file of files) {
    const beganMs = performance.now();
    const { tasks, groups } = await compareFile(cluster, file, datasetMap);
    const same = tasks.filter(({ differences }) => differences.length === 0).length;
    equal += same;
    taskRuns += tasks.length;
    groupsDiffer += groups.filter(({ differences }) => differences.length > 0).length;
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    say(`${file.name}: ${same}/${tasks.length} task runs equal, ${seconds} s`);
    for (const { name, differences } of [...tasks, ...groups]) {
      for (const difference of differences) say(`  ${name}: ${difference}`);
    }
  }
  const counts = Array.from(cluster.executed, ([agent, requests]) => `${agent} ${requests}`);
  say(`requests executed: ${counts.join(", ")}`);
  const idle = Array.from(cluster.executed).flatMap(([agent, requests]) => (requests === 0 ? [agent] : []));
  if (idle.length > 0) say(`executed nothing: ${idle.join(", ")}`);
  if (groupsDiffer > 0) say(`${groupsDiffer} groups differ`);
  say(`${equal}/${taskRuns} task runs equal`);
  return { equal, taskRuns, groupsDiffer, idle };
}

/** Whether a session proves what it is to prove. */
export function isProof({ equal, taskRuns, groupsDiffer, idle }: SessionOutcome): boolean {
  return taskRuns > 0 && equal === taskRuns && groupsDiffer === 0 && idle.length === 0;
}

async function compareFile(
  cluster: Pick<GoldenCluster, "run">,
  file: GoldenFile,
  datasetMap: string,
): Promise<{ readonly tasks: readonly Compared[]; readonly groups: readonly Compared[] }> {
  try {
    return compareRuns(file.golden, await cluster.run(file, datasetMap));
  } catch (error) {
    // Nothing of a run that does not end well is equal.
    const message = error instanceof Error ? error.message : String(error);
    const names = Object.keys(file.golden.samples);
    return { tasks: names.map((name, at) => ({ name, differences: [at === 0 ? message : "as above"] })), groups: [] };
  }
}
