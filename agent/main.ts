import { randomInt, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { EXIT_CODES, MusterError } from "../base/muster-error.ts";
import { parseAddress } from "../base/node/address.ts";
import { SYSTEM_CLOCK } from "../base/node/system-clock.ts";
import { stateFolder } from "../base/node/folders.ts";
import { type FolderLock, lockFolder } from "../base/node/folder-lock.ts";
import type { EngineOptions } from "./adapters/engines/engine-options.ts";
import { openEngines } from "./adapters/engines/open-engines.ts";
import { dialGrpc } from "./adapters/links/grpc-dial.ts";
import { openSpool } from "./adapters/spool/open-spool.ts";
import type { SqliteSpool } from "./adapters/spool/sqlite-spool.ts";
import { HostTelemetry } from "./adapters/telemetry/host-telemetry.ts";
import { NvidiaSmi } from "./adapters/telemetry/nvidia-smi.ts";
import type { InferenceEngine } from "./ports/inference-engine.ts";
import { AgentProcess } from "./shell/agent-process.ts";

/** How an agent is started; the CLI's option table fills it. */
export interface AgentOptions {
  /** `HOST:PORT`, several with commas: one of them leads. */
  readonly coordinator: string;
  /** Null: the host's name. */
  readonly name: string | null;
  /** Null: a folder of the agent's name in the state folder. */
  readonly dataFolder: string | null;
  readonly engines: Omit<EngineOptions, "onProgress" | "onNotice" | "signal">;
  /** US dollars. */
  readonly pricePerSlotHour: number;
  readonly logLevel: string;
  /** Called once, when the coordinator has welcomed the agent for the first time. */
  onReady?(ready: AgentReady): void;
}

/** What an agent tells of itself when it is ready. */
export interface AgentReady {
  readonly agentId: string;
  readonly slots: readonly string[];
}

/** A download that takes long is told of this often. */
const PROGRESS_MS = 5_000;

/**
 * Runs an agent until it is told to stop: SIGINT, SIGTERM, or the end of the process that started it. Tells that process
 * `ready` once the coordinator has welcomed it. Rejects when it cannot start or must not go on.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  for (const address of addressesOf(options)) parseAddress(address, "--coordinator");
  const name = options.name ?? hostname();
  const log = pino({ level: options.logLevel, name: `agent ${name}` }, pino.destination({ dest: 2, sync: true }));
  const folder = options.dataFolder ?? join(stateFolder(), "agents", folderName(name));
  const lock = lockAgentFolder(folder);
  const stop = new AbortController();
  const unlisten = listenForStop(stop, log);
  try {
    // Made once, kept with the numbers of its batches, so that a restarted agent is the same one.
    const newAgentId = `${folderName(name)}-${randomUUID().slice(0, 8)}`;
    const spool = openSpool(folder, newAgentId, (sentence) => log.error(sentence));
    const { agentId } = spool;
    const onProgress = progressLog(log);
    const onNotice = (sentence: string): void => log.info(sentence);
    const engines = await openEngines({ ...options.engines, onProgress, onNotice, signal: stop.signal });
    await serve(options, { agentId, name, spool, engines, log, stop: stop.signal });
  } finally {
    unlisten();
    lock.close();
  }
}

/** The first request to stop aborts, with its reason; a second one ends the process, which loses nothing. */
function listenForStop(stop: AbortController, log: Logger): () => void {
  const onSignal = (signal: string): void => {
    if (!stop.signal.aborted) return stop.abort(signal);
    log.warn("stopped at once; what was finished is in the spool and is sent at the next start");
    process.exit(EXIT_CODES.interrupted);
  };
  const onDisconnect = (): void => stop.abort("the process that started it is gone");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  if (process.send !== undefined) process.on("disconnect", onDisconnect);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
    process.off("disconnect", onDisconnect);
  };
}

function progressLog(log: Logger): EngineOptions["onProgress"] {
  let toldMs = -Infinity;
  return ({ subject, doneBytes, totalBytes }) => {
    if (performance.now() - toldMs < PROGRESS_MS && doneBytes < totalBytes) return;
    toldMs = performance.now();
    log.info({ subject, doneBytes, totalBytes }, "fetching");
  };
}

function addressesOf({ coordinator }: AgentOptions): readonly string[] {
  return coordinator.split(",").map((address) => address.trim());
}

interface Parts {
  readonly agentId: string;
  readonly name: string;
  readonly spool: SqliteSpool;
  readonly engines: readonly InferenceEngine[];
  readonly log: Logger;
  readonly stop: AbortSignal;
}

async function serve(options: AgentOptions, { agentId, name, spool, engines, log, stop }: Parts): Promise<void> {
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
    coordinators: addressesOf(options),
    dial: dialGrpc,
    engines: slots,
    spool,
    telemetry,
    log,
    clock: SYSTEM_CLOCK,
    randomBelow: (limit) => randomInt(limit),
    onWelcome: () => {
      if (isReady) return;
      isReady = true;
      const ready = { agentId, slots: [...slots.keys()] };
      if (process.connected) process.send!({ kind: "ready", ...ready });
      options.onReady?.(ready);
    },
  });
  stop.addEventListener("abort", () => agent.stop(String(stop.reason)));
  try {
    const working = agent.run();
    if (stop.aborted) agent.stop(String(stop.reason));
    await working;
  } finally {
    telemetry.close();
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

/** A name without what a file system or a terminal could stumble over. */
function folderName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 60) || "agent";
}
