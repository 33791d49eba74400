// Runs that a command started with a cluster of its own. Each has a folder in the state folder with what is needed to
// take it up again; what is known of it in the end stays when the journal goes.
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { z } from "zod";
import { MusterError } from "../base/muster-error.ts";
import { stateFolder } from "../base/node/folders.ts";
import { makeFolder } from "../base/node/make-folder.ts";
import { type Run, RunSchema } from "../proto/gen/muster/v1/operator_pb.js";

const recordSchema = z.object({
  runId: z.string(),
  suite: z.string(),
  createdUnixMs: z.number(),
  output: z.string(),
  /** Words of each agent's command. */
  agentWords: z.array(z.array(z.string())).min(1),
  /** The run when last seen, as protobuf's JSON. */
  lastSeen: z.json(),
});

/** What is kept of a local run. */
export type LocalRunRecord = Readonly<z.infer<typeof recordSchema>>;

/** Where local runs lie. */
function localRunsFolder(): string {
  return join(stateFolder(), "local");
}

/** A run id: the time in UTC, so that ids sort by age, and four letters against two runs in one second. */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replaceAll(/[-:]/g, "").slice(0, 15).replace("T", "-");
  return `${digits}-${randomBytes(2).toString("hex")}`;
}

/** The folder of a local run: its record, its coordinator's journal, its agents' spools. */
export function localRunFolder(runId: string): string {
  return join(localRunsFolder(), runId);
}

/** Writes a run's record; `run` is what was last seen of it. */
export function saveLocalRun(record: Omit<LocalRunRecord, "lastSeen">, run: Run | null): void {
  const folder = localRunFolder(record.runId);
  makeFolder(folder, 0o700);
  const lastSeen = run === null ? null : toJson(RunSchema, run);
  const file = join(folder, "run.json");
  writeFileSync(`${file}.partial`, JSON.stringify({ ...record, lastSeen }));
  renameSync(`${file}.partial`, file);
}

/** Forgets the journals of a run whose results are written; its record stays for `muster runs`. */
export function dropLocalJournals(runId: string): void {
  for (const name of ["coordinator", "agents"])
    rmSync(join(localRunFolder(runId), name), { recursive: true, force: true });
}

/** Forgets a run that never began. */
export function dropLocalRun(runId: string): void {
  rmSync(localRunFolder(runId), { recursive: true, force: true });
}

/** The local runs, newest first. */
export function listLocalRuns(): LocalRunRecord[] {
  if (!existsSync(localRunsFolder())) return [];
  const ids = readdirSync(localRunsFolder()).sort().toReversed();
  return ids.map(readRecord).filter((record) => record !== null);
}

/** The local run with this id or beginning of an id; null where there is none. Throws `usage` where several begin so. */
export function findLocalRun(idOrBeginning: string): LocalRunRecord | null {
  const records = listLocalRuns();
  const exact = records.find(({ runId }) => runId === idOrBeginning);
  if (exact !== undefined) return exact;
  const fitting = records.filter(({ runId }) => runId.startsWith(idOrBeginning));
  if (fitting.length > 1) {
    const ids = fitting.slice(0, 3).map(({ runId }) => runId);
    throw new MusterError("usage", `${fitting.length} local runs begin with ${idOrBeginning}: ${ids.join(", ")}`, {
      wayOut: "Give more of the id.",
    });
  }
  return fitting[0] ?? null;
}

/** The run as it was last seen; null where it was never submitted. */
export function lastSeenOf(record: LocalRunRecord): Run | null {
  return record.lastSeen === null ? null : fromJson(RunSchema, record.lastSeen as JsonValue);
}

function readRecord(runId: string): LocalRunRecord | null {
  try {
    const result = recordSchema.safeParse(JSON.parse(readFileSync(join(localRunFolder(runId), "run.json"), "utf8")));
    return result.success ? result.data : null;
  } catch (error) {
    // A folder that is being made, or that something else left there.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined) return null;
    throw error;
  }
}
