import type { Server as HttpServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { Registry } from "prom-client";
import { type Address, formatAddress } from "../../base/node/address.ts";
import { type HttpSurroundings, listenError, serveHttp } from "./http-endpoint.ts";

/** How long a port that was just left may still seem taken. */
const REBIND_MS = 2_000;
const REBIND_PAUSE_MS = 20;

/** What answers at a coordinator's two ports. */
export interface BehindDoors {
  readonly server: Server;
  readonly http: HttpSurroundings;
}

/** A coordinator's two ports: they stay where they are while what answers behind them changes. */
export class Doors {
  readonly #http: HttpServer;
  readonly #httpHost: string;
  #grpc: Address;
  #behind: BehindDoors | null = null;

  /** Listens for HTTP; gRPC waits for who answers. Throws `conflict` where the port is taken. */
  static async open(grpc: Address, http: Address): Promise<Doors> {
    const nobody: HttpSurroundings = { registry: new Registry(), health: () => "starting" };
    let behind = (): HttpSurroundings => nobody;
    const server = await serveHttp(http, () => behind());
    const doors = new Doors(grpc, http.host, server);
    behind = () => doors.#behind?.http ?? nobody;
    return doors;
  }

  private constructor(grpc: Address, httpHost: string, http: HttpServer) {
    this.#grpc = grpc;
    this.#http = http;
    this.#httpHost = httpHost;
  }

  get grpcAddress(): string {
    return formatAddress(this.#grpc);
  }

  get httpAddress(): string {
    return formatAddress({ host: this.#httpHost, port: (this.#http.address() as { port: number }).port });
  }

  /** Lets others answer from now on; connections to those before are ended. */
  async serve(behind: BehindDoors): Promise<void> {
    const wasOpen = this.#behind !== null;
    this.#behind?.server.forceShutdown();
    this.#behind = behind;
    const deadlineMs = performance.now() + (wasOpen ? REBIND_MS : 0);
    for (;;) {
      try {
        this.#grpc = { host: this.#grpc.host, port: await bind(behind.server, this.#grpc) };
        return;
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
        await sleep(REBIND_PAUSE_MS);
      }
    }
  }

  close(): void {
    this.#behind?.server.forceShutdown();
    this.#http.close();
  }
}

async function bind(server: Server, address: Address): Promise<number> {
  const text = formatAddress(address);
  return new Promise((resolve, reject) => {
    server.bindAsync(text, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(error, text, "--listen"));
    });
  });
}
