// Whether a NATS server writes to the disk before it acknowledges cannot be asked as a client: only its monitoring port
// (and the system account) tells its settings.
import { MusterError } from "../../../base/muster-error.ts";

const ASK_TIMEOUT_MS = 5_000;

interface Varz {
  readonly server_name?: string;
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
}

/**
 * Names of the servers with these monitoring addresses, all of which sync always. Throws `unsupported` naming one that
 * does not, or where none is given; `connection` where one does not answer.
 */
export async function serversThatSync(monitors: readonly string[]): Promise<ReadonlySet<string>> {
  if (monitors.length === 0) {
    throw new MusterError("unsupported", "a NATS client cannot see whether sync_interval is always", {
      wayOut: "Name the monitoring address of each server (http://HOST:8222), or promise nothing: unproved.",
    });
  }
  return new Set(await Promise.all(monitors.map(nameOfSyncing)));
}

async function nameOfSyncing(monitor: string): Promise<string> {
  const { server_name: name, jetstream } = await askVarz(monitor);
  if (name === undefined) {
    throw new MusterError("unsupported", `${monitor} is not the monitoring address of a NATS server`, {
      wayOut: "It is what `http:` says in the server's configuration.",
    });
  }
  if (jetstream?.config?.sync_always !== true) {
    throw new MusterError("unsupported", `sync_interval is not always at NATS server ${name} (${monitor})`, {
      wayOut: "Set jetstream { sync_interval: always }: without it a loss of power takes what was acknowledged.",
    });
  }
  return name;
}

async function askVarz(monitor: string): Promise<Varz> {
  try {
    const url = new URL("/varz", monitor);
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    return answer.ok ? ((await answer.json()) as Varz) : {};
  } catch (error) {
    throw new MusterError("connection", `no NATS server tells about itself at ${monitor}`, {
      wayOut: "Set `http: HOST:8222` in its configuration, and let coordinators reach it.",
      cause: error,
    });
  }
}
