/** What became of asking for the lease. `unknown`: no answer; it may have been given. */
export type LeaseState = "held" | "lost" | "unknown";

/**
 * Tells when a coordinator should try to lead: whoever holds it should, until it is not renewed any more. It decides
 * nothing else; who may write, the journals' compare-and-set and the epoch decide.
 */
export interface LeaderLease {
  /** How long it is held after its last renewal. */
  readonly durationMs: number;
  /** Who held it when it was last asked for in vain; null: not known. */
  readonly holder: string | null;
  /** Takes the lease where nobody has it. `self` names its holder to others, at most 1,000 characters. */
  tryAcquire(self: string): Promise<LeaseState>;
  /** Takes it from `holder`, who is known to be gone; `lost` where somebody else has it by now. */
  takeFrom(holder: string, self: string): Promise<LeaseState>;
  /** Keeps it for another `durationMs`. */
  renew(): Promise<LeaseState>;
  /** Gives it back at once where it is still held; otherwise it ends by itself. */
  release(): Promise<void>;
  /** Who holds it: now, and whenever that changes; null: nobody. Ends when it is aborted. */
  watch(signal: AbortSignal): AsyncIterable<string | null>;
}
