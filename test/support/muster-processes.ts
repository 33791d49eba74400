import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nodeSettings from "../../bin/node-settings.json" with { type: "json" };
import { cacheFolder } from "../../base/node/folders.ts";

const MAIN = join(import.meta.dirname, "..", "..", "cli", "main.ts");
const MANY_AGENTS = join(import.meta.dirname, "many-agents-process.ts");
const COMPILED = join(cacheFolder(), "compiled");

/** How a command that ran to its end ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A coordinator or an agent that said it was ready. */
export interface Ready {
  readonly child: ChildProcess;
  /** What it was started with, to start it again. */
  readonly words: readonly string[];
  /** What it said. */
  readonly message: Readonly<Record<string, unknown>>;
}

/** The engine of agents that are started together. */
export interface ManyAgentsEngine {
  readonly engine: "hash" | "simulated";
  readonly concurrency: number | null;
  /** Settings of a simulated one. */
  readonly simulation: Readonly<Record<string, number>>;
}

/** How agents are started together. */
interface ManyAgents {
  /** Called for each that is ready. */
  readonly onReady?: () => void;
  readonly coordinator?: string;
  readonly engine?: ManyAgentsEngine;
}

const HASH_ENGINE: ManyAgentsEngine = { engine: "hash", concurrency: null, simulation: {} };

/**
 * The shipped program as real processes, with a home of their own. Waits for states (a ready message, an exit, a
 * metric), never for a delay. `stop` ends all that is left and removes the home.
 */
export class MusterProcesses {
  readonly home = mkdtempSync(join(tmpdir(), "muster-"));
  readonly #children = new Set<ChildProcess>();
  #coordinator: Ready | null = null;

  /** Starts a coordinator on free ports, or again where it was. */
  async startCoordinator(words: readonly string[] = []): Promise<Ready> {
    const listen = this.#coordinator === null ? "127.0.0.1:0" : this.grpcAddress;
    const http = this.#coordinator === null ? "127.0.0.1:0" : this.httpAddress;
    this.#coordinator = await this.start(["coordinator", "--listen", listen, "--http", http, ...words]);
    return this.#coordinator;
  }

  /** Starts an agent of the coordinator. */
  startAgent(name: string, words: readonly string[]): Promise<Ready> {
    return this.start(["agent", "--coordinator", this.grpcAddress, "--name", name, ...words]);
  }

  /**
   * Starts agents of the coordinator in one process; each is a full agent with streams and a spool of its own. Resolves
   * when all are ready, and calls `onReady` for each.
   */
  async startAgentsTogether(
    names: readonly string[],
    { onReady = () => undefined, coordinator = this.grpcAddress, engine = HASH_ENGINE }: ManyAgents = {},
  ): Promise<void> {
    const folder = join(this.home, "state", "muster", "agents");
    const child = this.#spawn(
      [coordinator, folder, JSON.stringify(engine), ...names],
      ["ignore", "ignore", "pipe", "ipc"],
      {},
      MANY_AGENTS,
    );
    await readiness(child, `the process of ${names.length} agents`, names.length, onReady);
  }

  get grpcAddress(): string {
    return String(this.#coordinator!.message["grpcAddress"]);
  }

  get httpAddress(): string {
    return String(this.#coordinator!.message["httpAddress"]);
  }

  get coordinatorPid(): number {
    return this.#coordinator!.child.pid!;
  }

  /** Starts a program that goes on; resolves when it says that it is ready, rejects with its errors when it ends. */
  async start(words: readonly string[]): Promise<Ready> {
    const child = this.#spawn(words, ["ignore", "ignore", "pipe", "ipc"]);
    return { child, words, message: await readiness(child, `muster ${words.join(" ")}`, 1) };
  }

  /** Runs a command to its end, whatever its exit code. */
  async run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.begin(words, environment).ended;
  }

  /** Begins a command; `ended` resolves when it has ended. */
  begin(
    words: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    input: "ignore" | "pipe" = "ignore",
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const child = this.#spawn(words, [input, "pipe", "pipe"], environment);
    let [stdout, stderr] = ["", ""];
    child.stdout!.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr!.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    const ended = new Promise<Ended>((resolve) => {
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended };
  }

  /** Runs a command that reads these lines; its input ends when what it has written is enough. */
  runWithInput(
    words: readonly string[],
    lines: readonly string[],
    isEnough: (output: string) => boolean,
  ): Promise<Ended> {
    const { child, ended } = this.begin(words, {}, "pipe");
    child.stdin!.write(lines.map((line) => `${line}\n`).join(""));
    let output = "";
    child.stdout!.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      if (isEnough(output)) child.stdin!.end();
    });
    return ended;
  }

  /** Runs a command that must succeed; its standard output. */
  async output(words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(words);
    if (code !== 0) throw new Error(`muster ${words.join(" ")} ended with ${code}:\n${stderr}`);
    return stdout;
  }

  /** Resident memory of the coordinator, bytes. */
  coordinatorMemory(): number {
    const status = readFileSync(`/proc/${this.coordinatorPid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Processor time that the coordinator has used, seconds. */
  coordinatorCpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.coordinatorPid}/stat`, "utf8").split(") ")[1]!.split(" ");
    // User and system time, in ticks of 10 ms (proc(5)).
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** The sum of one metric of a coordinator over all its labels; NaN where it has none. */
  async metric(name: string, httpAddress = this.httpAddress): Promise<number> {
    const text = await (await fetch(`http://${httpAddress}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map((row) =>
      Number(row[1]),
    );
    return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0);
  }

  /** Ends a process at once, as a power cut would, and waits until it is gone. */
  async kill({ child }: Ready): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error("the process to kill had ended by itself");
    child.kill("SIGKILL");
    await gone(child);
  }

  killCoordinator(): Promise<void> {
    return this.kill(this.#coordinator!);
  }

  /** Ends all that is left, and removes the home after `beforeRemoval`. */
  async stop(beforeRemoval: () => void = () => undefined): Promise<void> {
    for (const child of [...this.#children].toReversed()) {
      child.kill("SIGTERM");
      await gone(child);
    }
    beforeRemoval();
    rmSync(this.home, { recursive: true, force: true });
  }

  #spawn(
    words: readonly string[],
    stdio: ("ignore" | "pipe" | "ipc")[],
    environment: NodeJS.ProcessEnv = {},
    program = MAIN,
  ): ChildProcess {
    const child = spawn(process.execPath, [...nodeSettings.flags, program, ...words], {
      env: {
        ...process.env,
        ...nodeSettings.environment,
        NODE_COMPILE_CACHE: COMPILED,
        XDG_STATE_HOME: join(this.home, "state"),
        XDG_CACHE_HOME: join(this.home, "cache"),
        ...environment,
      },
      cwd: this.home,
      stdio,
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }
}

/** The last of so many ready messages; rejects with the program's errors when it ends before. */
function readiness(
  child: ChildProcess,
  subject: string,
  count: number,
  onReady: () => void = () => undefined,
): Promise<Ready["message"]> {
  let [errors, seen] = ["", 0];
  child.stderr!.on("data", (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-8_000)));
  return new Promise((resolve, reject) => {
    child.on("message", (message: Record<string, unknown>) => {
      if (message["kind"] !== "ready") return;
      onReady();
      if (++seen === count) resolve(message);
    });
    child.once("exit", (code) => reject(new Error(`${subject} ended with ${code}:\n${errors}`)));
  });
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once("exit", resolve));
}
