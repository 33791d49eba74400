// Runs of made-up tasks: what they are asked with, and what comes of one that nothing disturbs.
import { join } from "node:path";
import { makeTasks, type MadeTasksWish } from "./made-tasks.ts";
import { MusterProcesses } from "./muster-processes.ts";
import { readRunOutput, type RunOutput } from "./run-output.ts";

/** What a made-up run is of. */
export interface MadeRunWish extends MadeTasksWish {
  readonly seed: number;
}

/** Puts the tasks where `madeRunWords` expects them. */
export function placeMadeTasks(muster: MusterProcesses, wish: MadeRunWish): void {
  makeTasks(join(muster.home, "tasks"), wish.seed, wish);
}

/** The words of `muster run` for them. `output`: a folder below the home. */
export function madeRunWords(muster: MusterProcesses, coordinator: string, output = "out"): string[] {
  return [
    ..."run --tasks made --model hash --yes --json --no-cache --bootstrap-iterations 100".split(" "),
    ...["--include-path", join(muster.home, "tasks"), "--coordinator", coordinator],
    ...["--output", join(muster.home, output)],
  ];
}

/** The output of such a run on one coordinator and one agent that nothing disturbs. */
export async function undisturbedRun(wish: MadeRunWish): Promise<RunOutput> {
  const muster = new MusterProcesses();
  try {
    placeMadeTasks(muster, wish);
    await muster.startCoordinator();
    await muster.startAgent("a0", ["--engine", "hash", "--model", "hash"]);
    await muster.output(madeRunWords(muster, muster.grpcAddress));
    return readRunOutput(join(muster.home, "out"));
  } finally {
    await muster.stop();
  }
}
