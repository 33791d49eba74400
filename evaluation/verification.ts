import type { CoverageCertificate } from "./manifest.ts";

/** What came of looking at an ended run again. */
export interface Verification {
  readonly runId: string;
  readonly isGood: boolean;
  readonly checks: readonly VerificationCheck[];
  /** The manifest's certificate; null where there is no manifest. */
  readonly coverage: CoverageCertificate | null;
}

/** One thing that was looked at. */
export interface VerificationCheck {
  readonly name: string;
  readonly isGood: boolean;
  /** What was found, in a sentence. */
  readonly detail: string;
}
