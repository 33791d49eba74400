/** A mistake that somebody could make: exact texts of production files, and what stands there instead. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

function mutant(name: string, file: string, from: string, to: string): Mutant {
  return { name, edits: [{ file, from, to }] };
}

/** Mistakes of the kinds that occur. The simulation must notice each. */
export const PLANTED: readonly Mutant[] = [
  mutant(
    "effects are performed before their events are durable",
    "coordinator/shell/coordinator-loop.ts",
    "        if (events.length > 0) await this.#append(events);",
    "        for (const effect of effects.splice(0)) this.#surroundings.perform(effect);\n        if (events.length > 0) await this.#append(events);",
  ),
  {
    name: "responses count before their blob is durable",
    edits: [
      {
        file: "coordinator/shell/agent-service.ts",
        from: "    stored\n      .then((digest) => {",
        to: '    stored.catch(() => {});\n    Promise.resolve(bytes === null ? "" : createHash("sha256").update(bytes).digest("hex"))\n      .then((digest) => {',
      },
      {
        file: "coordinator/shell/agent-service.ts",
        from: 'import type { Logger } from "pino";',
        to: 'import { createHash } from "node:crypto";\nimport type { Logger } from "pino";',
      },
    ],
  },
  mutant(
    "a coordinator begins the epoch of the one before it",
    "coordinator/shell/coordinator-shell.ts",
    "begin(recovered.epoch + 1,",
    "begin(recovered.epoch,",
  ),
  mutant(
    "a coordinator appends after frames that it never read",
    "coordinator/shell/frame-writer.ts",
    "this.#lengths.get(name) ?? (isBegun ? 0 : await journal.length())",
    "await journal.length()",
  ),
  mutant(
    "batch numbers begin again after a restart",
    "agent/shell/agent-process.ts",
    "nextBatchNumber: spool.nextNumber()",
    "nextBatchNumber: spool.numbers().length + 1",
  ),
  mutant(
    "a restart forgets that leases ended",
    "coordinator/shell/recovery.ts",
    "(event) => evolve(state, event, nowMs)",
    '(event) => event.kind !== "LeaseEnded" && evolve(state, event, nowMs)',
  ),
  mutant(
    "a restart loses the last frame",
    "coordinator/shell/recovery.ts",
    "    lengths.set(name, length);",
    "    lengths.set(name, Math.max(0, length - 1));",
  ),
  mutant(
    "a duplicate is counted",
    "coordinator/core/accept.ts",
    "run.fingerprints[requestIndex] || seen.get(requestIndex)",
    "seen.get(requestIndex)",
  ),
  mutant(
    "two responses of a batch are swapped",
    "agent/shell/batch-maker.ts",
    "encodeResponses(collected.responses)",
    "encodeResponses(collected.responses.map((row, at, all) => (at < 2 && all.length > 1 ? { ...row, response: all[1 - at]!.response } : row)))",
  ),
  mutant(
    "what was on its way when the connection broke is not sent again",
    "agent/core/step.ts",
    "  for (const batch of state.batches.values()) batch.sent = false;\n",
    "",
  ),
  mutant(
    "the samples of an expired lease stay with it",
    "coordinator/core/evolve.ts",
    "  for (const sample of lease.samples) detachSample(run, lease, sample);",
    '  if (event.end !== "expired") for (const sample of lease.samples) detachSample(run, lease, sample);',
  ),
  mutant(
    "a request is set aside at its first failure",
    "coordinator/core/accept.ts",
    "  return slots.size >= wanted && attempts > wanted;",
    "  return slots.size > 0;",
  ),
  mutant(
    "a run is complete with one request missing",
    "coordinator/core/reconcile.ts",
    "run.requestsDone + run.quarantined.size < run.shape.requestCount",
    "run.requestsDone + run.quarantined.size < run.shape.requestCount - 1",
  ),
  mutant(
    "a coordinator that may lead no more acknowledges what it does not take",
    "coordinator/core/accept.ts",
    '      events: [{ kind: "BatchRefused", agentId, batchNumber, reason, responses }],',
    "      events: [],",
  ),
  mutant(
    "the cluster's journal is written before those of the runs",
    "coordinator/shell/frame-writer.ts",
    "    await Promise.all([...byJournal]",
    "    if (cluster !== undefined) await this.#appendTo(CLUSTER_JOURNAL, cluster, epoch);\n    if (cluster !== undefined) cluster.length = 0;\n    await Promise.all([...byJournal]",
  ),
  mutant(
    "responses under another agent's lease count",
    "coordinator/core/accept.ts",
    'if (lease.agentId !== batch.agentId) return refuse("otherAgent");',
    "",
  ),
  mutant(
    "responses to requests that were never leased count",
    "coordinator/core/accept.ts",
    " || !leaseHolds(lease, sampleOfRequest(run, requestIndex))) {",
    ") {",
  ),
  mutant(
    "samples that a lease does not hold go back to the queue",
    "coordinator/core/decide.ts",
    "input.samples.filter((sample) => holds(run, lease, sample))",
    "input.samples.filter((sample) => sample < run.shape.sampleCount)",
  ),
  mutant(
    "an agent that only renews keeps its leases for ever",
    "coordinator/core/observe.ts",
    "nowMs - slot.progressAtMs > state.settings.slotSilenceMs",
    "false",
  ),
  mutant(
    "a submission is promised before it is durable",
    "coordinator/shell/operator-service.ts",
    "    await loop.settled();\n    registry.add(run.runId);",
    "    registry.add(run.runId);",
  ),
  mutant(
    "a coordinator that was fenced ends instead of standing by",
    "coordinator/shell/leadership.ts",
    'new Set(["conflict", "connection", "timeout"])',
    'new Set(["connection", "timeout"])',
  ),
  mutant(
    "a coordinator that leads no more promises what it does not write down",
    "coordinator/shell/coordinator-loop.ts",
    '    this.#failure ??= new MusterError("connection", "this coordinator leads no more");\n',
    "",
  ),
];

/** Conditions of lease, journal and spool code, turned round. */
export const FLIPPED: readonly Mutant[] = [
  mutant(
    "the lease is held",
    "coordinator/shell/leadership.ts",
    '(await lease.tryAcquire(self)) === "held"',
    '(await lease.tryAcquire(self)) !== "held"',
  ),
  mutant(
    "prompts that came before their grant",
    "agent/core/leases.ts",
    "  if (lease.ended) return;\n",
    "  if (!lease.ended) return;\n",
  ),
  mutant("leases expire", "coordinator/core/reconcile.ts", "lease.deadlineMs <= nowMs", "lease.deadlineMs > nowMs"),
  mutant(
    "a detached sample is finished",
    "coordinator/core/evolve.ts",
    "  if (run.openRequests[sample] === 0) return;\n  queueOf",
    "  if (run.openRequests[sample] !== 0) return;\n  queueOf",
  ),
  mutant(
    "leases that an agent still holds",
    "coordinator/core/decide.ts",
    "if (held.has(lease.leaseId))",
    "if (!held.has(lease.leaseId))",
  ),
  mutant("another coordinator wrote", "coordinator/shell/frame-writer.ts", "found > known", "found < known"),
  mutant(
    "a flush of the spool is due",
    "agent/shell/spool-writer.ts",
    "if (this.#scheduled || this.#blocked) return;",
    "if (!this.#scheduled || this.#blocked) return;",
  ),
  mutant("all of a lease has arrived", "agent/core/leases.ts", "if (!arrived || lease", "if (arrived || lease"),
  mutant(
    "a lease is whole when the connection breaks",
    "agent/core/step.ts",
    "if (isWhole(lease)) continue;",
    "if (!isWhole(lease)) continue;",
  ),
  mutant(
    "a batch is known",
    "coordinator/core/accept.ts",
    ".batches.has(batch.batchNumber) === true",
    ".batches.has(batch.batchNumber) !== true",
  ),
  mutant(
    "the coordinator stood still",
    "coordinator/core/observe.ts",
    "if (lostMs <= state.settings.standstillMs) return;",
    "if (lostMs > state.settings.standstillMs) return;",
  ),
  mutant(
    "a journal is not listed",
    "coordinator/shell/recovery.ts",
    "if (!known.has(name)) await fold(name);",
    "if (known.has(name)) await fold(name);",
  ),
];
