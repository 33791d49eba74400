import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { MusterError } from "../base/muster-error.ts";
import { parseAddress } from "../base/node/address.ts";
import { stateFolder } from "../base/node/folders.ts";
import { type FolderLock, lockFolder } from "../base/node/folder-lock.ts";
import type { EngineOptions } from "./adapters/engines/engine-options.ts";
import { openEngines } from "./adapters/engines/open-engines.ts";
import { SqliteSpool } from "./adapters/spool/sqlite-spool.ts";
import { HostTelemetry } from "./adapters/telemetry/host-telemetry.ts";
import { NvidiaSmi } from "./adapters/telemetry/nvidia-smi.ts";
import type { InferenceEngine } from "./ports/inference-engine.ts";
import { AgentProcess } from "./shell/agent-process.ts";

/** How an agent is started; the CLI's option table fills it. */
export interface AgentOptions {
  /** `HOST:PORT`. */
  readonly coordinator: string;
  /** Null: the host's name. */
  readonly name: string | null;
  /** Null: a folder of the agent's name in the state folder. */
  readonly dataFolder: string | null;
  readonly engines: EngineOptions;
  /** US dollars. */
  readonly pricePerSlotHour: number;
  readonly logLevel: string;
  /** Called once the coordinator has welcomed the agent for the first time. */
  onReady(ready: { readonly agentId: string; readonly slots: readonly string[] }): void;
}

/** Runs an agent until it is told to stop. Rejects when it cannot start or must not go on. */
export async function runAgent(options: AgentOptions): Promise<void> {
  parseAddress(options.coordinator, "--coordinator");
  const name = options.name ?? hostname();
  const log = pino({ level: options.logLevel, name: `agent ${name}` }, pino.destination({ dest: 2, sync: true }));
  const folder = options.dataFolder ?? join(stateFolder(), "agents", folderName(name));
  const lock = lockAgentFolder(folder);
  let spool: SqliteSpool | null = null;
  try {
    const agentId = readIdentity(folder, name);
    spool = new SqliteSpool(folder);
    const engines = await openEngines(options.engines);
    await serve(options, { agentId, name, spool, engines, log });
  } finally {
    lock.close();
  }
}

interface Parts {
  readonly agentId: string;
  readonly name: string;
  readonly spool: SqliteSpool;
  readonly engines: readonly InferenceEngine[];
  readonly log: Logger;
}

async function serve(options: AgentOptions, { agentId, name, spool, engines, log }: Parts): Promise<void> {
  const telemetry = new HostTelemetry(new NvidiaSmi());
  const slots = new Map(engines.map((engine, position) => [`slot-${position}`, engine]));
  for (const [slot, { description }] of slots) log.info({ slot, ...describe(description) }, "engine ready");
  let isReady = false;
  const agent = new AgentProcess({
    identity: {
      agentId,
      incarnation: randomUUID(),
      hostName: name,
      pricePerSlotHour: options.pricePerSlotHour,
    },
    coordinator: options.coordinator,
    engines: slots,
    spool,
    telemetry,
    log,
    nowMs: () => performance.now(),
    onWelcome: () => {
      if (isReady) return;
      isReady = true;
      options.onReady({ agentId, slots: [...slots.keys()] });
    },
  });
  const stop = (reason: string): void => agent.stop(reason);
  const disconnected = (): void => stop("the process that started it is gone");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  if (process.send !== undefined) process.once("disconnect", disconnected);
  try {
    await agent.run();
  } finally {
    telemetry.close();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
    process.off("disconnect", disconnected);
  }
}

function describe(description: InferenceEngine["description"]): object {
  const { engine, engineVersion, url, model, concurrency, capabilities } = description;
  return { engine, engineVersion, url, model, concurrency, kinds: capabilities.kinds, missing: capabilities.missing };
}

function lockAgentFolder(folder: string): FolderLock {
  const lock = lockFolder(folder, "--data-dir");
  if (lock !== null) return lock;
  throw new MusterError("conflict", `another agent uses ${folder}`, {
    wayOut: "Give this one another --name (or --data-dir).",
  });
}

/** The agent's identity: made once, kept in its folder, so that a restarted agent is the same one. */
function readIdentity(folder: string, name: string): string {
  const file = join(folder, "agent-id");
  try {
    const known = readFileSync(file, "utf8").trim();
    if (known !== "") return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = `${folderName(name)}-${randomUUID().slice(0, 8)}`;
  writeFileSync(file, `${made}\n`, { flush: true });
  return made;
}

/** A name without what a file system or a terminal could stumble over. */
function folderName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 60) || "agent";
}
