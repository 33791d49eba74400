/** Small files about a run: the last view of it, and its results. */
export type RunFileName = "run.json" | "results.json";

/** What is kept of each run beside its journal; all of it can be made again. */
export interface RunFiles {
  /** Where the run's output files lie. */
  outputFolder(runId: string): string;
  /** The text of a file, or null where there is none. */
  read(runId: string, name: RunFileName): Promise<string | null>;
  /** Replaces a file, whole or not at all; durable when it resolves. Throws `noSpace`. */
  write(runId: string, name: RunFileName, text: string): Promise<void>;
}
