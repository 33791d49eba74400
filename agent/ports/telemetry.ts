/** One GPU at one moment. What a device does not report is 0. */
export interface GpuReading {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Share of time with a kernel running, 0 to 1. */
  readonly utilizationShare: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly powerWatts: number;
  readonly temperatureCelsius: number;
}

/** What a host looks like at one moment. */
export interface HostReading {
  /** Share of all cores busy since the last reading, 0 to 1. */
  readonly cpuShare: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  /** Empty where the host has none, or where none can be read. */
  readonly gpus: readonly GpuReading[];
}

/** Looks at the host. */
export interface Telemetry {
  /** Takes microseconds. */
  read(): HostReading;
}
