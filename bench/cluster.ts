import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "..", "cli", "main.ts");

/** A coordinator and agents as real processes of the shipped program, with default options, in a temporary home. */
export class BenchCluster {
  readonly home = mkdtempSync(join(tmpdir(), "muster-bench-"));
  readonly #children: ChildProcess[] = [];
  grpcAddress = "";
  httpAddress = "";
  coordinatorPid = 0;

  /** Starts a coordinator and `agents` agents with the given arguments. */
  static async start(agents: number, agentArguments: readonly string[]): Promise<BenchCluster> {
    const cluster = new BenchCluster();
    const { child, ready } = cluster.#spawn(["coordinator", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    const addresses = await ready;
    cluster.grpcAddress = addresses["grpcAddress"]!;
    cluster.httpAddress = addresses["httpAddress"]!;
    cluster.coordinatorPid = child.pid!;
    for (let agent = 0; agent < agents; agent++) {
      const name = `bench-${agent}`;
      await cluster.#spawn(["agent", "--coordinator", cluster.grpcAddress, "--name", name, ...agentArguments]).ready;
    }
    return cluster;
  }

  /** Runs the program to its end; resolves to its standard output. */
  async run(words: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...words], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new Error(`muster ${words.join(" ")} ended with ${code}:\n${errors}`);
    return output;
  }

  /** Resident memory of the coordinator, bytes. */
  coordinatorMemory(): number {
    const pages = readFileSync(`/proc/${this.coordinatorPid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(pages)![1]) * 1024;
  }

  /** One metric of the coordinator. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://${this.httpAddress}/metrics`)).text();
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("exit", resolve));
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_STATE_HOME: join(this.home, "state"), XDG_CACHE_HOME: join(this.home, "cache") };
  }

  #spawn(words: readonly string[]): { child: ChildProcess; ready: Promise<Record<string, string>> } {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...words], {
      env: this.#environment(),
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    let errors = "";
    child.stderr!.on("data", (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-4_000)));
    this.#children.push(child);
    const ready = new Promise<Record<string, string>>((resolve, reject) => {
      child.on("message", (message) => {
        if ((message as { kind?: string }).kind === "ready") resolve(message as Record<string, string>);
      });
      child.once("exit", (code) => reject(new Error(`muster ${words.join(" ")} ended with ${code}:\n${errors}`)));
    });
    return { child, ready };
  }
}
