import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { GpuReading } from "../../ports/telemetry.ts";

const FIELDS = "index,uuid,name,utilization.gpu,memory.used,memory.total,power.draw,temperature.gpu";
const MEBIBYTE = 2 ** 20;
/** A reading older than this is not shown. */
const STALE_MS = 5_000;

/** Reads `nvidia-smi`'s line for one GPU; null for a line that is none. `[N/A]` and the like count as 0. */
export function parseGpuLine(line: string): GpuReading | null {
  const fields = line.split(",").map((field) => field.trim());
  const index = Number(fields[0]);
  if (fields.length !== 8 || fields[0] === "" || !Number.isInteger(index)) return null;
  const number = (position: number): number => {
    const value = Number.parseFloat(fields[position]!);
    return Number.isFinite(value) ? value : 0;
  };
  return {
    index,
    uuid: fields[1]!,
    name: fields[2]!,
    utilizationShare: number(3) / 100,
    memoryUsedBytes: number(4) * MEBIBYTE,
    memoryTotalBytes: number(5) * MEBIBYTE,
    powerWatts: number(6),
    temperatureCelsius: number(7),
  };
}

/** The GPUs of this host as one long-running `nvidia-smi` reports them each second. */
export class NvidiaSmi {
  readonly #child: ChildProcess;
  readonly #readings = new Map<number, { readonly reading: GpuReading; readonly atMs: number }>();

  /** Starts the program; without it (or without a GPU) there are simply no readings. */
  constructor(program = "nvidia-smi") {
    const words = [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits", "--loop=1"];
    this.#child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"] });
    // A host without the program is a host without GPUs that it could tell of.
    this.#child.on("error", () => this.#readings.clear());
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const reading = parseGpuLine(line);
      if (reading !== null) this.#readings.set(reading.index, { reading, atMs: performance.now() });
    });
  }

  latest(): GpuReading[] {
    const since = performance.now() - STALE_MS;
    const fresh = [...this.#readings.values()].filter(({ atMs }) => atMs >= since);
    return fresh.map(({ reading }) => reading).toSorted((first, second) => first.index - second.index);
  }

  close(): void {
    // A program that could not be started has no process id, and Node's signal for it would reach our whole process group.
    if (this.#child.pid !== undefined) this.#child.kill("SIGKILL");
  }
}
