// Where a run is computed: a coordinator that is there already, or one of the run's own with agents on this machine.
import { userInfo } from "node:os";
import { MusterError } from "../base/muster-error.ts";
import { PROTOCOL_VERSION } from "../proto/version.ts";
import { CoordinatorClient } from "./coordinator-client.ts";
import { LocalCluster } from "./local-cluster.ts";
import { localRunFolder } from "./local-runs.ts";

/** A coordinator to run on. */
export interface RunCluster {
  readonly client: CoordinatorClient;
  /** Whether the processes are this command's own. */
  readonly isLocal: boolean;
  /** Resolves when the agents that this command started are there. */
  readonly agentsReady: Promise<void>;
  /** Rejects when a process of its own cannot be kept alive; never resolves. */
  readonly failed: Promise<never>;
  /** Ends what this command started and closes the connection. */
  close(): Promise<void>;
}

/** Connects to a coordinator. Throws `connection` where none answers, `conflict` where it speaks another protocol. */
export async function openRemoteCluster(address: string): Promise<RunCluster> {
  const client = new CoordinatorClient(address);
  try {
    const { protocolVersion, musterVersion } = await client.getCoordinator();
    if (protocolVersion !== PROTOCOL_VERSION) throw otherVersion(address, musterVersion, protocolVersion);
  } catch (error) {
    client.close();
    throw error;
  }
  return {
    client,
    isLocal: false,
    agentsReady: Promise.resolve(),
    failed: Promise.withResolvers<never>().promise,
    close: async () => client.close(),
  };
}

function otherVersion(address: string, version: string, protocol: number): MusterError {
  return new MusterError(
    "conflict",
    `the coordinator at ${address} is Muster ${version} and speaks protocol ${protocol}; this command speaks ${PROTOCOL_VERSION}`,
    { wayOut: `Use the same version on both sides: npx muster-eval@${version}, or update the coordinator.` },
  );
}

/** Starts a coordinator and, without waiting for them, agents. `onRestart` hears of processes that died. */
export async function openLocalCluster(
  runId: string,
  agentWords: readonly (readonly string[])[],
  onRestart: (sentence: string) => void,
): Promise<RunCluster> {
  const cluster = new LocalCluster({ folder: localRunFolder(runId), agentWords, onRestart });
  try {
    await cluster.startCoordinator();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  const client = new CoordinatorClient(cluster.address);
  const agentsReady = cluster.startAgents();
  // Told to whoever waits for it; nobody may be waiting yet.
  agentsReady.catch(() => undefined);
  return {
    client,
    isLocal: true,
    agentsReady,
    failed: cluster.failed,
    async close() {
      client.close();
      await cluster.stop();
    },
  };
}

/** Who submits a run. */
export function submitterName(): string {
  return process.env["USER"] ?? userInfo().username;
}
