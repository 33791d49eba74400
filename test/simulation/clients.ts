import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { MODEL } from "../support/core-builders.ts";
import type { CoordinatorHost } from "./coordinator-host.ts";
import type { Ledger } from "./ledger.ts";
import { submission } from "./plans.ts";
import type { Scenario } from "./scenario.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A client that got no answer tries again after this. */
const RETRY_MS = 700;

interface ClientsSurroundings {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly hosts: readonly CoordinatorHost[];
  readonly ledger: Ledger;
  /** Something is wrong with the product. */
  readonly fail: (sentence: string) => void;
  /** Hears why somebody was refused. */
  readonly refused: (who: string, error: unknown) => void;
}

/** Those who submit, cancel and drain; each asks until told that it is done. */
export class Clients {
  readonly #around: ClientsSurroundings;
  readonly #submitted = new Set<string>();
  readonly #retried = new Set<string>();

  constructor(around: ClientsSurroundings) {
    this.#around = around;
  }

  /** All that they want is asked for at its time. */
  begin(): void {
    const { clock, scenario, hosts } = this.#around;
    const { runs, cancelled, drained } = scenario;
    for (const { runId, atMs } of runs) clock.after(atMs, () => this.#submit(runId));
    if (cancelled !== null) clock.after(cancelled.atMs, () => this.#cancel(cancelled.runId));
    if (drained === null) return;
    clock.after(drained.atMs, () => {
      for (const host of hosts) host.drain(`a${drained.agent}`);
    });
  }

  /** Nothing goes wrong any more: runs that ended short are tried again. */
  retryAll(): void {
    for (const { runId } of this.#around.scenario.runs) this.#retry(runId);
  }

  /** What they still wait for, in words, or null. */
  unrest(): string | null {
    const { scenario, ledger } = this.#around;
    for (const { runId } of scenario.runs) {
      if (!this.#submitted.has(runId)) return `${runId} is not taken`;
      const end = ledger.endOf(runId);
      if (end === null) return `${runId} has not ended`;
      if (end === "failed" || (this.#isShort(runId) && !this.#retried.has(runId)))
        return `${runId} is to be tried again`;
    }
    return null;
  }

  /** One sends its plan until it hears that the run is durable. */
  #submit(runId: string): void {
    if (this.#submitted.has(runId)) return;
    const { clock, random, scenario, hosts, refused } = this.#around;
    const { plan } = scenario.runs.find((run) => run.runId === runId)!;
    random
      .pick(hosts)
      .submit(submission(plan, runId, MODEL))
      .then(
        () => this.#promised(runId),
        (error: unknown) => refused(runId, error),
      );
    clock.after(RETRY_MS, () => this.#submit(runId));
  }

  #promised(runId: string): void {
    const { ledger, fail } = this.#around;
    this.#submitted.add(runId);
    if (!ledger.knows(runId)) fail(`run ${runId} was promised, and is on no disk`);
  }

  #cancel(runId: string): void {
    const { clock, hosts, ledger, refused } = this.#around;
    if (ledger.endOf(runId) !== null) return;
    for (const host of hosts) host.cancel(runId).catch((error: unknown) => refused(runId, error));
    clock.after(RETRY_MS, () => this.#cancel(runId));
  }

  /** Whether a run ended so that it is tried again: what failed always, since its blobs are brought back. */
  #isShort(runId: string): boolean {
    const end = this.#around.ledger.endOf(runId);
    return end === "failed" || (end === "partial" && this.#around.scenario.retries);
  }

  /** One tries a run again that ended short, until told that it is open. */
  #retry(runId: string): void {
    const { clock, hosts, ledger, refused } = this.#around;
    if (this.#retried.has(runId)) return;
    const isOpen = (): unknown => this.#retried.add(runId);
    const isShort = this.#isShort(runId);
    if (ledger.endOf(runId) !== null && !isShort) return void isOpen();
    if (isShort || ledger.wasReopened(runId)) {
      for (const host of hosts) {
        host.retry(runId).then(isOpen, (error: unknown) => {
          refused(runId, error);
          if (/nothing to try again/.test(String(error))) isOpen();
        });
      }
    }
    clock.after(RETRY_MS, () => this.#retry(runId));
  }
}
