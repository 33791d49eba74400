import type { Logger } from "pino";
import { type Clock, sleep } from "../../base/clock.ts";
import { type ErrorKind, MusterError } from "../../base/muster-error.ts";
import type { LeaderLease } from "../ports/leader-lease.ts";

/** How often a standby asks for the lease. */
const ASK_MS = 100;
/** Renewals in the time that a lease lasts: some may get lost. */
const RENEWALS = 5;
/** Pause after a term that ended with an error. */
const AFTER_TROUBLE_MS = 1_000;
/** Another coordinator leads, or the servers do not answer: stand by, and try again. */
const PASSING: ReadonlySet<ErrorKind> = new Set(["conflict", "connection", "timeout"]);

/** What a coordinator that shares a cluster with others does in turn. */
export interface LeadershipParts {
  readonly lease: LeaderLease;
  /** How agents and people reach this coordinator; tells others who leads. Asked for once it stands by. */
  readonly address: () => string;
  /** Whether the process of a leader at this address is known to be gone: then its lease need not run out. */
  readonly isGone: (address: string) => Promise<boolean>;
  /** Begins to stand by; `ended` rejects when it cannot go on, and resolves when stopped. */
  readonly standBy: (stop: AbortSignal) => Promise<{ readonly ended: Promise<void> }>;
  /** Leads until stopped; rejects when it must not go on. */
  readonly lead: (stop: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Stands by until the lease is to be had, leads until it is lost or somebody else has written, and stands by again,
 * until stopped. Rejects when a term ends with what would only happen again: a journal that is broken.
 */
export async function takeTurns(parts: LeadershipParts, stop: AbortSignal): Promise<void> {
  const { lease, clock, log } = parts;
  while (!stop.aborted) {
    try {
      await standByForLease(parts, stop);
      if (!stop.aborted) await leadWithLease(parts, stop);
    } catch (thrown) {
      const error = MusterError.from(thrown);
      if (!PASSING.has(error.kind)) throw error;
      log.warn({ reason: error.message }, "leads no more, stands by");
      await sleep(clock, AFTER_TROUBLE_MS);
    } finally {
      // Somebody else can lead at once.
      await lease.release().catch((error: unknown) => log.debug({ error: String(error) }, "the lease ends by itself"));
    }
  }
}

/** Resolves with the lease, or when stopped. */
async function standByForLease(parts: LeadershipParts, stop: AbortSignal): Promise<void> {
  const standing = new AbortController();
  const either = AbortSignal.any([stop, standing.signal]);
  const { ended } = await parts.standBy(either);
  try {
    await Promise.race([ended, waitForLease(parts, either)]);
  } finally {
    standing.abort();
  }
  await ended;
}

async function waitForLease({ lease, address, isGone, clock, log }: LeadershipParts, stop: AbortSignal): Promise<void> {
  const self = address();
  while (!stop.aborted) {
    if ((await lease.tryAcquire(self)) === "held") return;
    const { holder } = lease;
    if (holder !== null && holder !== self && (await isGone(holder)) && !stop.aborted) {
      log.info({ holder }, "the leader's process is gone");
      if ((await lease.takeFrom(holder, self)) === "held") return;
    }
    await sleep(clock, ASK_MS);
  }
}

async function leadWithLease({ lease, address, lead, clock, log }: LeadershipParts, stop: AbortSignal): Promise<void> {
  const term = new AbortController();
  let renewing = false;
  const renew = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    try {
      // It may have ended while the servers were silent, and nobody else have it.
      if ((await lease.renew()) !== "lost" || (await lease.tryAcquire(address())) !== "lost") return;
      log.warn("the lease is lost: another coordinator leads");
      term.abort();
    } catch (error) {
      // The journals decide who writes; the lease only says who should try.
      log.warn({ error: MusterError.from(error).message }, "the lease cannot be renewed");
    } finally {
      renewing = false;
    }
  };
  const endRenewals = clock.every(lease.durationMs / RENEWALS, () => void renew());
  try {
    await lead(AbortSignal.any([stop, term.signal]));
  } finally {
    endRenewals();
  }
}
