import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface FileRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/** Answers in the server's place. */
export type FileAnswer = (response: ServerResponse, request: IncomingMessage) => void;

/** A real HTTP server of files: whole, in ranges, and with the faults that are asked for. */
export class FileServer {
  readonly #server: Server;
  readonly #files = new Map<string, Buffer>();
  readonly #answers = new Map<string, FileAnswer>();
  readonly #cuts = new Map<string, number[]>();
  readonly requests: FileRequest[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response));
  }

  static async start(): Promise<FileServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FileServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Serves these bytes, or this JSON, whole from now on. */
  put(path: string, content: Buffer | string | object): void {
    const isText = typeof content === "string" || Buffer.isBuffer(content);
    this.#files.set(path, Buffer.from(isText ? content : JSON.stringify(content)));
    this.#cuts.delete(path);
  }

  /** Lets a path be answered otherwise; null: as usual. */
  answer(path: string, answer: FileAnswer | null): void {
    if (answer === null) this.#answers.delete(path);
    else this.#answers.set(path, answer);
  }

  /** Lets the next answers of a path break off after so many bytes each. */
  cut(path: string, ...bytes: number[]): void {
    this.#cuts.set(path, bytes);
  }

  /** Serves a wheel as a package index does, for `PIP_INDEX_URL=url/simple`. */
  putWheel(name: string, version: string, wheel: Buffer): void {
    const file = `${name.replaceAll("-", "_")}-${version}-py3-none-any.whl`;
    const sha256 = createHash("sha256").update(wheel).digest("hex");
    this.put(`/files/${file}`, wheel);
    this.put(`/simple/${name}/`, `<!DOCTYPE html><a href="/files/${file}#sha256=${sha256}">${file}</a>`);
  }

  /** Requests for a path so far. */
  requestsOf(path: string): FileRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!;
    this.requests.push({ path, headers: request.headers });
    const answer = this.#answers.get(path);
    if (answer !== undefined) return answer(response, request);
    const bytes = this.#files.get(path);
    if (bytes === undefined) return void response.writeHead(404).end("not found");
    const type = { "content-type": path.startsWith("/simple") ? "text/html" : "application/octet-stream" };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    if (range !== null && start >= bytes.length) {
      return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    }
    const end = range?.[2] ? Number(range[2]) + 1 : bytes.length;
    const part = bytes.subarray(start, end);
    const isRange = range !== null;
    response.writeHead(isRange ? 206 : 200, {
      ...type,
      "accept-ranges": "bytes",
      "content-length": part.length,
      ...(isRange ? { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` } : {}),
    });
    const cut = request.method === "GET" ? this.#cuts.get(path)?.shift() : undefined;
    if (cut === undefined) response.end(request.method === "HEAD" ? undefined : part);
    else response.write(part.subarray(0, cut), () => response.destroy());
  }
}
