import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RefusalReason } from "./core/effect.ts";
import type { ResponseBatch } from "./core/input.ts";
import type { CoordinatorState } from "./core/state.ts";
import type { AgentConnection } from "./shell/agent-connection.ts";

/** What the gauges are read from at each scrape. */
export interface MetricSources {
  readonly state: () => CoordinatorState;
  readonly connections: () => Iterable<AgentConnection>;
  /** Seconds: 99th percentile of the event loop's lag since the last scrape. */
  readonly loopLagSeconds: () => number;
  readonly isDiskFull: () => boolean;
}

/** The coordinator's metrics; names, units and help in one place. */
export class CoordinatorMetrics {
  readonly registry = new Registry();
  readonly #responses: Counter<"agent">;
  readonly #tokens: Counter<"kind">;
  readonly #failures: Counter<"reason">;
  readonly #refused: Counter<"reason">;
  readonly #granted: Counter;
  readonly #frame: Histogram;

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    this.#responses = new Counter({
      name: "muster_responses_total",
      help: "Responses received, counted or not.",
      labelNames: ["agent"],
      registers,
    });
    this.#tokens = new Counter({
      name: "muster_tokens_total",
      help: "Tokens that engines reported, by kind: prompt or completion.",
      labelNames: ["kind"],
      registers,
    });
    this.#failures = new Counter({
      name: "muster_request_failures_total",
      help: "Failed attempts of requests, by reason.",
      labelNames: ["reason"],
      registers,
    });
    this.#refused = new Counter({
      name: "muster_responses_refused_total",
      help: "Responses that were not taken, by reason.",
      labelNames: ["reason"],
      registers,
    });
    this.#granted = new Counter({
      name: "muster_leases_granted_total",
      help: "Leases granted since this coordinator began to lead.",
      registers,
    });
    this.#frame = new Histogram({
      name: "muster_journal_append_seconds",
      help: "Time until a batch of events was durable.",
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
      registers,
    });
    this.#registerRunGauges(sources);
    this.#registerAgentGauges(sources);
    this.#gauge("muster_coordinator_leads", "1 where this coordinator leads, 0 where it stands by.", [], (gauge) =>
      gauge.set(1),
    );
    this.#gauge("muster_coordinator_epoch", "The epoch that it leads, or the last that it has read of.", [], (gauge) =>
      gauge.set(sources.state().epoch),
    );
    this.#gauge("muster_disk_full", "1 while the coordinator waits for room on its disk.", [], (gauge) =>
      gauge.set(sources.isDiskFull() ? 1 : 0),
    );
    this.#gauge(
      "muster_event_loop_lag_p99_seconds",
      "99th percentile of the event loop's lag since the last scrape.",
      [],
      (gauge) => gauge.set(sources.loopLagSeconds()),
    );
  }

  countBatch(batch: ResponseBatch): void {
    this.#responses.inc({ agent: batch.agentId }, batch.requestIndexes.length);
    this.#tokens.inc({ kind: "prompt" }, batch.promptTokens);
    this.#tokens.inc({ kind: "completion" }, batch.completionTokens);
    for (const failure of batch.failures)
      this.#failures.inc({ reason: REASON.test(failure.reason) ? failure.reason : "other" });
  }

  countRefusal(reason: RefusalReason, responses: number): void {
    this.#refused.inc({ reason }, responses);
  }

  countGrant(): void {
    this.#granted.inc();
  }

  observeAppend(seconds: number): void {
    this.#frame.observe(seconds);
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[], read: (gauge: Gauge<L>) => void): void {
    const gauge: Gauge<L> = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => {
        gauge.reset();
        read(gauge);
      },
    });
  }

  #registerRunGauges({ state }: MetricSources): void {
    const runGauge = (name: string, help: string, read: (run: RunOf) => number): void =>
      this.#gauge(name, help, ["run"], (gauge) => {
        for (const run of state().runs.values()) gauge.set({ run: run.run.runId }, read(run));
      });
    runGauge("muster_run_samples", "Samples of a run that has not ended.", (run) => run.shape.sampleCount);
    runGauge("muster_run_samples_done", "Samples whose responses are all durable.", (run) => run.samplesDone);
    runGauge("muster_run_requests", "Requests of a run.", (run) => run.shape.requestCount);
    runGauge("muster_run_requests_done", "Requests with a durable response.", (run) => run.requestsDone);
    runGauge(
      "muster_run_requests_quarantined",
      "Requests set aside because they broke several slots.",
      (run) => run.quarantined.size,
    );
    runGauge("muster_run_leases_open", "Leases that agents hold.", (run) => run.openLeases.size);
    runGauge("muster_run_lease_expiries", "Leases that were not renewed in time.", (run) => run.leaseExpiries);
    runGauge("muster_run_disagreements", "Requests answered twice with different answers.", (run) => run.disagreements);
    runGauge("muster_run_slot_seconds", "Slot seconds that a run has cost.", (run) => run.slotSeconds);
    this.#gauge("muster_runs_open", "Runs that have not ended.", [], (gauge) => gauge.set(state().runs.size));
  }

  #registerAgentGauges({ connections }: MetricSources): void {
    const agentGauge = (name: string, help: string, read: (connection: AgentConnection) => number): void =>
      this.#gauge(name, help, ["agent"], (gauge) => {
        for (const connection of connections()) gauge.set({ agent: connection.agentId }, read(connection));
      });
    agentGauge("muster_agent_up", "1 for each connected agent.", () => 1);
    this.#gauge(
      "muster_agent_clock_skew_seconds",
      "How far an agent's clock is ahead of the coordinator's.",
      ["agent"],
      (gauge) => {
        for (const { agentId, clockSkewMs } of connections()) {
          if (clockSkewMs !== null) gauge.set({ agent: agentId }, clockSkewMs / 1000);
        }
      },
    );
    agentGauge(
      "muster_agent_cpu_share",
      "Share of the host's cores that are busy, 0 to 1.",
      (c) => c.telemetry?.cpuShare ?? 0,
    );
    agentGauge("muster_agent_memory_used_bytes", "Memory in use on the host.", (c) =>
      Number(c.telemetry?.memoryUsedBytes ?? 0n),
    );
    agentGauge("muster_agent_memory_total_bytes", "Memory of the host.", (c) =>
      Number(c.telemetry?.memoryTotalBytes ?? 0n),
    );
    this.#gauge("muster_slot_running_samples", "Samples in a slot's engine.", ["agent", "slot"], (gauge) => {
      for (const { agentId, telemetry } of connections()) {
        for (const slot of telemetry?.slots ?? [])
          gauge.set({ agent: agentId, slot: slot.slotId }, slot.runningSamples);
      }
    });
    this.#gauge("muster_gpu_utilization_share", "Share of time a kernel ran, 0 to 1.", ["agent", "gpu"], (gauge) => {
      for (const { agentId, telemetry } of connections()) {
        for (const gpu of telemetry?.gpus ?? [])
          gauge.set({ agent: agentId, gpu: String(gpu.index) }, gpu.utilizationShare);
      }
    });
    this.#gauge("muster_gpu_memory_used_bytes", "GPU memory in use.", ["agent", "gpu"], (gauge) => {
      for (const { agentId, telemetry } of connections()) {
        for (const gpu of telemetry?.gpus ?? [])
          gauge.set({ agent: agentId, gpu: String(gpu.index) }, Number(gpu.memoryUsedBytes));
      }
    });
  }
}

/** What a standby tells. */
export function standbyRegistry(sources: {
  readonly epoch: () => number;
  readonly framesBehind: () => number;
}): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(read()) });
  };
  gauge("muster_coordinator_leads", "1 where this coordinator leads, 0 where it stands by.", () => 0);
  gauge("muster_coordinator_epoch", "The epoch that it leads, or the last that it has read of.", sources.epoch);
  gauge(
    "muster_mirror_frames_behind",
    "Frames of the journals that a standby does not hold yet.",
    sources.framesBehind,
  );
  return registry;
}

type RunOf = CoordinatorState["runs"] extends Map<string, infer R> ? R : never;

/** Reasons come from agents; one that does not look like our words is counted as `other`, so labels stay bounded. */
const REASON = /^(?:refused|timeout|bad_response|nan|aborted|engine|too_long|rate_limited|http_[0-9]{3})$/;
