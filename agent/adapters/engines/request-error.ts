import type { RequestFailure } from "../../../evaluation/response.ts";

/** Carries a failed request's outcome up to the one place in an adapter that turns it into a value. */
export class RequestError extends Error {
  readonly failure: RequestFailure;
  /** The parameter that the engine does not take, where it named one. */
  readonly parameter: string | null;

  constructor({ parameter, ...failure }: Omit<RequestFailure, "kind"> & { readonly parameter?: string }) {
    super(failure.message);
    this.name = "RequestError";
    this.parameter = parameter ?? null;
    this.failure = { kind: "failed", ...failure };
  }

  /** The outcome that `thrown` stands for. Anything but a RequestError is a bug and goes on. */
  static toFailure(thrown: unknown): RequestFailure {
    if (thrown instanceof RequestError) return thrown.failure;
    throw thrown;
  }
}

/** What a request becomes that was not finished when its signal aborted. */
export function aborted(engine: string): RequestError {
  return new RequestError({ retry: "elsewhere", reason: "aborted", message: `${engine} was told to stop` });
}
