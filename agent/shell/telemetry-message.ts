import { create } from "@bufbuild/protobuf";
import { type Telemetry, TelemetrySchema } from "../../proto/gen/muster/v1/agent_pb.js";
import type { AgentState } from "../core/state.ts";
import type { HostReading } from "../ports/telemetry.ts";
import type { SlotRunner } from "./slot-runner.ts";

/** What telemetry is made of. */
export interface TelemetryParts {
  readonly host: HostReading;
  readonly state: AgentState;
  readonly runners: ReadonlyMap<string, SlotRunner>;
  readonly unixMs: number;
}

/** A reading of the host and the state of the slots as they travel on the control stream. */
export function telemetryMessage({ host, state, runners, unixMs }: TelemetryParts): Telemetry {
  return create(TelemetrySchema, {
    unixMs: BigInt(unixMs),
    cpuShare: host.cpuShare,
    memoryUsedBytes: BigInt(host.memoryUsedBytes),
    memoryTotalBytes: BigInt(host.memoryTotalBytes),
    gpus: host.gpus.map((gpu) => ({
      ...gpu,
      memoryUsedBytes: BigInt(gpu.memoryUsedBytes),
      memoryTotalBytes: BigInt(gpu.memoryTotalBytes),
    })),
    slots: Array.from(state.slots.values(), (slot) => ({
      slotId: slot.slotId,
      runningSamples: slot.running.size,
      queuedSamples: slot.queue.length,
      busySeconds: runners.get(slot.slotId)?.busySeconds() ?? 0,
      health: slot.failed ? "the engine does not work" : "",
    })),
  });
}
