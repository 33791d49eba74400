import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { type ErrorKind, EXIT_CODES, MusterError } from "../base/muster-error.ts";
import type { OptionRow } from "./option-row.ts";
import { OPTIONS } from "./options.ts";

const MAIN = join(import.meta.dirname, "main.ts");
/** Times that a process which died is started again before the run is given up. */
const RESTARTS_MAX = 3;
const RESTART_PAUSE_MS = 500;
const STOP_MS = 8_000;
const ERRORS_KEPT = 8_000;

/** What a cluster on this machine is started with. */
export interface LocalClusterOptions {
  /** The run's own folder: the coordinator's journal and the agents' spools. */
  readonly folder: string;
  /** For each agent, the words of its command that say which engine and model. */
  readonly agentWords: readonly (readonly string[])[];
  /** Called when a process died and is started again. */
  onRestart(sentence: string): void;
}

interface Member {
  readonly name: string;
  words: readonly string[];
  child: ChildProcess | null;
  restarts: number;
}

/** What a process says once it is ready. */
type ReadyMessage = Readonly<Record<string, unknown>>;

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
    words.push("--http", "127.0.0.1:0");
    const member: Member = { name: "coordinator", words, child: null, restarts: 0 };
    this.#members.push(member);
    const ready = await this.#start(member, ["--listen", "127.0.0.1:0"]);
    this.address = String(ready["grpcAddress"]);
    // Agents know this address, so that is where it comes back.
    member.words = [...words, "--listen", this.address];
  }

  /** Starts the agents; resolves when all are welcome. */
  async startAgents(): Promise<void> {
    const starting = this.#options.agentWords.map((engineWords, position) => {
      const name = `local-${position + 1}`;
      const words = ["agent", "--coordinator", this.address, "--name", name, "--log-level", "error"];
      words.push("--data-dir", join(this.#options.folder, "agents", name), ...engineWords);
      const member: Member = { name, words, child: null, restarts: 0 };
      this.#members.push(member);
      return this.#start(member, []);
    });
    await Promise.all(starting);
  }

  /** Ends every process: the agents first, so that they hand in what they have, then the coordinator. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const [coordinator, ...agents] = this.#members;
    await Promise.all(agents.map(end));
    if (coordinator !== undefined) await end(coordinator);
  }

  #start(member: Member, lastWords: readonly string[]): Promise<ReadyMessage> {
    const child = spawn(process.execPath, [...process.execArgv, MAIN, ...member.words, ...lastWords], {
      // Ctrl-C in the terminal is this process's to handle.
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: childEnvironment(),
    });
    member.child = child;
    let errors = "";
    child.stderr!.on("data", (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-ERRORS_KEPT)));
    return new Promise((resolve, reject) => {
      let isReady = false;
      child.on("message", (message: ReadyMessage) => {
        if (message["kind"] !== "ready") return;
        isReady = true;
        resolve(message);
      });
      child.once("error", (error) =>
        reject(new MusterError("internal", `cannot start ${member.name}: ${error.message}`)),
      );
      child.once("close", (code, signal) => {
        if (this.#stopping) return reject(new MusterError("interrupted", `${member.name} was stopped`));
        const death = deathOf(member.name, code ?? signal, errors);
        if (isReady) this.#revive(member, death);
        else reject(death);
      });
    });
  }

  #revive(member: Member, death: MusterError): void {
    member.restarts += 1;
    if (member.restarts > RESTARTS_MAX) return this.#failed.reject(death);
    this.#options.onRestart(`${death.message}; starting it again`);
    setTimeout(() => {
      if (!this.#stopping) this.#start(member, []).catch((error: unknown) => this.#failed.reject(error));
    }, RESTART_PAUSE_MS).unref();
  }
}

/** This process's environment without what its own options said: the words of a child say that. */
function childEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  for (const row of Object.values(OPTIONS) as OptionRow[]) {
    if (row.commands.includes("run")) delete environment[row.env];
  }
  return environment;
}

async function end({ child }: Member): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
}

/** A child's own last words as an error of ours. */
function deathOf(name: string, how: number | string | null, errors: string): MusterError {
  const lines = errors.trimEnd().split("\n");
  const last = lines.findLastIndex((line) => line.startsWith("muster: "));
  if (last < 0) {
    // A process that was shot says nothing.
    const tail = lines
      .filter((line) => !line.startsWith("{"))
      .slice(-3)
      .join(" ")
      .trim();
    return new MusterError("internal", `the process of ${name} ended (${how})${tail === "" ? "" : `: ${tail}`}`);
  }
  const wayOut = lines
    .slice(last + 1)
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim());
  return new MusterError(
    kindOfExit(how),
    `${name}: ${lines[last]!.slice("muster: ".length)}`,
    wayOut.length === 0 ? {} : { wayOut: wayOut.join("\n") },
  );
}

function kindOfExit(code: number | string | null): ErrorKind {
  const found = (Object.entries(EXIT_CODES) as [ErrorKind, number][]).find(([, exitCode]) => exitCode === code);
  return found?.[0] ?? "internal";
}
