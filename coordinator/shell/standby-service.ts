import type { DescService } from "@bufbuild/protobuf";
import {
  type sendUnaryData,
  Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { MusterError } from "../../base/muster-error.ts";
import { toServiceError } from "../../base/node/grpc-errors.ts";
import { grpcService } from "../../base/node/grpc-service.ts";
import { AgentService } from "../../proto/gen/muster/v1/agent_pb.js";
import { type Cluster, type Coordinator, OperatorService } from "../../proto/gen/muster/v1/operator_pb.js";
import { unary } from "./operator-service.ts";

/** What a standby knows. */
export interface StandbySurroundings {
  readonly about: () => Coordinator;
  readonly cluster: () => Promise<Cluster>;
}

/** A server that says who leads, and refuses everything else with that. */
export function standbyServer({ about, cluster }: StandbySurroundings): Server {
  const refusal = (): MusterError => {
    const leader = about().leaderAddress;
    return new MusterError(
      "connection",
      leader === "" ? "this coordinator stands by, and none leads yet" : `this coordinator stands by; ${leader} leads`,
      { wayOut: "Name all coordinators with --coordinator A,B,C: whichever leads is found." },
    );
  };
  const server = new Server();
  server.addService(grpcService(AgentService), refuseAll(AgentService, refusal));
  server.addService(grpcService(OperatorService), {
    ...refuseAll(OperatorService, refusal),
    getCoordinator: unary(async () => about()),
    getCluster: unary(cluster),
  });
  return server;
}

type Stream = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;
type Single = ServerUnaryCall<unknown, unknown> | ServerReadableStream<unknown, unknown>;

function refuseAll(service: DescService, refusal: () => MusterError): UntypedServiceImplementation {
  const refuseStream = (call: Stream): void => {
    call.emit("error", toServiceError(refusal()));
  };
  const refuseSingle = (call: Single, done: sendUnaryData<unknown>): void => {
    done(toServiceError(refusal()), null);
    if ("resume" in call) call.resume();
  };
  return Object.fromEntries(
    service.methods.map(({ localName, methodKind }) => [
      localName,
      methodKind === "server_streaming" || methodKind === "bidi_streaming" ? refuseStream : refuseSingle,
    ]),
  );
}
