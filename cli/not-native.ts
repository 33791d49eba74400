import { MusterError } from "../base/muster-error.ts";

/** The native frontend cannot run some task exactly as the harness does; the harness itself can. */
export class NotNative extends MusterError {
  constructor(refusal: MusterError) {
    const { wayOut } = refusal;
    super(refusal.kind, refusal.message, { cause: refusal, ...(wayOut === undefined ? {} : { wayOut }) });
  }
}
