import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorKind, MusterError } from "../muster-error.ts";

/** One gRPC status for each kind of error. */
const STATUS_OF: { readonly [kind in ErrorKind]: status } = {
  usage: status.INVALID_ARGUMENT,
  badData: status.DATA_LOSS,
  unsupported: status.FAILED_PRECONDITION,
  connection: status.UNAVAILABLE,
  permission: status.PERMISSION_DENIED,
  notFound: status.NOT_FOUND,
  conflict: status.ALREADY_EXISTS,
  noSpace: status.RESOURCE_EXHAUSTED,
  partial: status.ABORTED,
  budget: status.OUT_OF_RANGE,
  timeout: status.DEADLINE_EXCEEDED,
  interrupted: status.CANCELLED,
  internal: status.INTERNAL,
};

const KIND_KEY = "muster-kind";
const WAY_OUT_KEY = "muster-way-out-bin";

/** An error as a gRPC server sends it: status by kind; kind and way out travel in the trailers. */
export function toServiceError(thrown: unknown): ServiceError {
  const error = MusterError.from(thrown);
  const metadata = new Metadata();
  metadata.set(KIND_KEY, error.kind);
  if (error.wayOut !== undefined) metadata.set(WAY_OUT_KEY, Buffer.from(error.wayOut, "utf8"));
  return Object.assign(new Error(error.message), { code: STATUS_OF[error.kind], details: error.message, metadata });
}

/** An error as a gRPC client received it, as one of ours; `peer` names who was called. */
export function fromServiceError(thrown: unknown, peer: string): MusterError {
  if (thrown instanceof MusterError) return thrown;
  const error = thrown as Partial<ServiceError>;
  const kind = String(error.metadata?.get(KIND_KEY)[0] ?? "") as ErrorKind;
  if (kind in STATUS_OF) {
    const wayOut = error.metadata?.get(WAY_OUT_KEY)[0];
    return new MusterError(kind, error.details ?? "", wayOut === undefined ? {} : { wayOut: wayOut.toString() });
  }
  if (error.code === status.UNAVAILABLE) {
    return new MusterError("connection", `cannot reach ${peer}: ${plainDetails(error.details)}`, {
      wayOut: "Is it running, and is the address right? `muster coordinator` starts one.",
    });
  }
  if (error.code === status.CANCELLED) return new MusterError("interrupted", `the call to ${peer} was cancelled`);
  if (error.code === status.DEADLINE_EXCEEDED) {
    return new MusterError("connection", `${peer} does not answer`, {
      wayOut: "Is that its gRPC port, and does a firewall let it through?",
    });
  }
  return new MusterError("internal", `${peer}: ${error.details ?? String(thrown)}`, { cause: thrown });
}

/** What went wrong with a connection, out of grpc-js's account of it. */
function plainDetails(details = "unavailable"): string {
  return /Last error: (?:Error: )?(.*?)\.? Resolution note/.exec(details)?.[1] ?? details;
}
