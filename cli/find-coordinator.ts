import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { stateFolder } from "../base/node/folders.ts";
import { readAnnouncement } from "../coordinator/adapters/data-folder.ts";
import { CoordinatorClient } from "./coordinator-client.ts";
import type { Options } from "./options.ts";

/** Where a coordinator of this machine keeps its data unless it is told otherwise. */
export function coordinatorFolder(options: Options): string {
  return options.dataFolder ?? join(stateFolder(), "coordinator");
}

/** The coordinator that the options name, or the one that runs on this machine. Throws `connection` where there is none. */
export function findCoordinator(options: Options): CoordinatorClient {
  if (options.coordinator !== undefined) return new CoordinatorClient(options.coordinator);
  const folder = coordinatorFolder(options);
  const announced = readAnnouncement(folder);
  if (announced !== null) return new CoordinatorClient(announced.grpcAddress);
  throw new MusterError("connection", `no coordinator runs on ${folder}`, {
    wayOut: "Name one with --coordinator HOST:PORT, or start one: muster coordinator.",
  });
}

/** Does something with that coordinator and closes the connection. */
export async function withCoordinator<T>(
  options: Options,
  work: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const client = findCoordinator(options);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
