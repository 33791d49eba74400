import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";

const MAIN = join(import.meta.dirname, "main.ts");
/** Times that a process which died is started again before the run is given up. */
const RESTARTS_MAX = 3;
const STOP_MS = 8_000;

/** What a cluster on this machine is started with. */
export interface LocalClusterOptions {
  /** The run's own folder: the coordinator's journal and the agents' spools. */
  readonly folder: string;
  readonly agents: number;
  /** Words of `muster agent` that say which engine and model. */
  readonly agentWords: readonly string[];
  /** Whether the agents compute on this machine's cores, which are then divided among them. */
  readonly sharesCores: boolean;
  /** Called when a process died and is started again. */
  onRestart(sentence: string): void;
}

interface Member {
  readonly name: string;
  words: readonly string[];
  child: ChildProcess | null;
  restarts: number;
}

/**
 * A coordinator and agents as processes of their own, over real gRPC on loopback. They end with this process, however
 * that ends; one of them that dies alone is started again with the same command.
 */
export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #members: Member[] = [];
  readonly #failed = Promise.withResolvers<never>();
  #stopping = false;
  /** The coordinator's gRPC address, once started. */
  address = "";

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when a process cannot be kept alive. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Starts the coordinator; resolves when it listens. */
  async startCoordinator(): Promise<void> {
    const words = ["coordinator", "--data-dir", join(this.#options.folder, "coordinator"), "--log-level", "error"];
    const member: Member = { name: "coordinator", words, child: null, restarts: 0 };
    const ready = await this.#start(member, ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    this.address = String(ready["grpcAddress"]);
    // Agents know this address, so that is where it comes back.
    member.words = [...words, "--listen", this.address, "--http", "127.0.0.1:0"];
  }

  /** Starts the agents; resolves when all are welcome. */
  async startAgents(): Promise<void> {
    const { agents, agentWords, folder, sharesCores } = this.#options;
    const threads = Math.max(1, Math.floor(availableParallelism() / agents));
    const starting = Array.from({ length: agents }, (_, position) => {
      const name = `local-${position + 1}`;
      const words = [
        ...["agent", "--coordinator", this.address, "--name", name, "--log-level", "error"],
        ...["--data-dir", join(folder, "agents", name), ...agentWords],
        ...(sharesCores && !agentWords.includes("--threads") ? ["--threads", String(threads)] : []),
      ];
      return this.#start({ name, words, child: null, restarts: 0 }, []);
    });
    await Promise.all(starting);
  }

  /** Ends every process in order, the coordinator last. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { child } of [...this.#members].reverse()) {
      if (child === null || hasEnded(child)) continue;
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await gone;
      clearTimeout(timer);
    }
  }

  #start(member: Member, firstWords: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    if (!this.#members.includes(member)) this.#members.push(member);
    const child = spawn(process.execPath, [...process.execArgv, MAIN, ...member.words, ...firstWords], {
      // Ctrl-C in the terminal is this process's to handle.
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, MUSTER_JSON: "", MUSTER_LOCAL_CHILD: "1" },
    });
    member.child = child;
    let errors = "";
    child.stderr!.on("data", (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-4_000)));
    return new Promise((resolve, reject) => {
      let isReady = false;
      child.on("message", (message: Readonly<Record<string, unknown>>) => {
        if (message["kind"] !== "ready") return;
        isReady = true;
        resolve(message);
      });
      child.once("error", (error) =>
        reject(new MusterError("internal", `cannot start ${member.name}: ${error.message}`)),
      );
      child.once("exit", (code, signal) => {
        if (this.#stopping) return reject(new MusterError("interrupted", `${member.name} was stopped`));
        const death = new MusterError("connection", deathOf(member.name, code ?? signal, errors));
        if (isReady) this.#revive(member, death);
        else reject(death);
      });
    });
  }

  #revive(member: Member, death: MusterError): void {
    member.restarts += 1;
    if (member.restarts > RESTARTS_MAX) return this.#failed.reject(death);
    this.#options.onRestart(`${death.message}; starting it again`);
    this.#start(member, []).catch((error: unknown) => this.#failed.reject(error));
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A child's own last words, without the program's name before them. */
function deathOf(name: string, how: number | string | null, errors: string): string {
  const words = errors
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("{"))
    .map((line) => line.replace(/^muster: /, "").trim());
  return words.length > 0 && words[0] !== "" ? `${name}: ${words.join(" ")}` : `${name} died (${how})`;
}
