import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { readAnnouncement } from "../coordinator/adapters/data-folder.ts";
import { CoordinatorClient } from "./coordinator-client.ts";
import { coordinatorFolder, findCoordinator } from "./find-coordinator.ts";
import { findLocalRun, localRunFolder, type LocalRunRecord } from "./local-runs.ts";
import type { Options } from "./options.ts";

/** Where a run is: at a coordinator that can be asked, or only in this machine's records. */
export type FoundRun =
  | { readonly kind: "served"; readonly client: CoordinatorClient; readonly runId: string }
  | { readonly kind: "recorded"; readonly record: LocalRunRecord };

/** Finds a run by its id or the beginning of it: at the coordinator that was named, else among local runs, else at the coordinator of this machine. */
export function findRun(options: Options, idOrBeginning: string): FoundRun {
  if (options.coordinator === undefined) {
    const record = findLocalRun(idOrBeginning);
    if (record !== null) {
      const announced = readAnnouncement(join(localRunFolder(record.runId), "coordinator"));
      if (announced === null) return { kind: "recorded", record };
      return { kind: "served", client: new CoordinatorClient(announced.grpcAddress), runId: record.runId };
    }
    if (readAnnouncement(coordinatorFolder(options)) === null) {
      throw new MusterError("notFound", `there is no local run ${idOrBeginning}, and no coordinator runs here`, {
        wayOut: "`muster runs` lists local runs; for a cluster's add --coordinator HOST:PORT.",
      });
    }
  }
  return { kind: "served", client: findCoordinator(options), runId: idOrBeginning };
}
