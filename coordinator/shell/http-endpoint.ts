import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Registry } from "prom-client";
import { MusterError } from "../../base/muster-error.ts";

/** What the HTTP port answers from at a moment. */
export interface HttpSurroundings {
  readonly registry: Registry;
  /** Null while all is well, else one sentence. */
  readonly health: () => string | null;
}

/** Serves `/metrics` (Prometheus) and `/healthz`. gRPC cannot share its port, so this is another one. */
export async function serveHttp(
  address: { readonly host: string; readonly port: number },
  around: () => HttpSurroundings,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, around()).catch((error: unknown) => {
      response
        .writeHead(500, { "content-type": "text/plain; charset=utf-8" })
        .end(`${MusterError.from(error).message}\n`);
    });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  server.maxConnections = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(listenError(error, `${address.host}:${address.port}`, "--http")),
    );
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, around: HttpSurroundings): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
  } else if (request.url === "/metrics") {
    const body = await around.registry.metrics();
    response.writeHead(200, { "content-type": around.registry.contentType }).end(body);
  } else if (request.url === "/healthz") {
    const trouble = around.health();
    response
      .writeHead(trouble === null ? 200 : 503, { "content-type": "text/plain; charset=utf-8" })
      .end(`${trouble ?? "ok"}\n`);
  } else {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("here are /metrics and /healthz\n");
  }
}

/** Why a port cannot be listened on, in words. `option` is the flag that chooses another. */
export function listenError(error: NodeJS.ErrnoException, address: string, option: string): MusterError {
  if (error.code === "EADDRINUSE" || error.message.includes("EADDRINUSE")) {
    return new MusterError("conflict", `port ${address} is taken by another process`, {
      wayOut: `Choose another with ${option} HOST:PORT, or use the coordinator that runs there with --coordinator ${address}.`,
      cause: error,
    });
  }
  return new MusterError("connection", `cannot listen on ${address}: ${error.message}`, {
    wayOut: `Choose an address of this machine with ${option} HOST:PORT.`,
    cause: error,
  });
}
