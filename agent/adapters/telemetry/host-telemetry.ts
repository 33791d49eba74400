import { cpus, freemem, totalmem } from "node:os";
import type { HostReading, Telemetry } from "../../ports/telemetry.ts";
import type { NvidiaSmi } from "./nvidia-smi.ts";

/** Looks at the host; a reading costs microseconds, GPUs are read by a process of their own. */
export class HostTelemetry implements Telemetry {
  readonly #gpus: NvidiaSmi | null;
  #before = coreTimes();

  constructor(gpus: NvidiaSmi | null) {
    this.#gpus = gpus;
  }

  read(): HostReading {
    const now = coreTimes();
    const total = now.total - this.#before.total;
    const idle = now.idle - this.#before.idle;
    this.#before = now;
    return {
      cpuShare: total > 0 ? Math.min(1, Math.max(0, 1 - idle / total)) : 0,
      memoryUsedBytes: totalmem() - freemem(),
      memoryTotalBytes: totalmem(),
      gpus: this.#gpus?.latest() ?? [],
    };
  }

  close(): void {
    this.#gpus?.close();
  }
}

/** Milliseconds that all cores spent idle and at all, since boot. */
function coreTimes(): { readonly idle: number; readonly total: number } {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}
