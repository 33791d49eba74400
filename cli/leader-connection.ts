import { setTimeout as sleep } from "node:timers/promises";
import { type Client, credentials, makeClientConstructor } from "@grpc/grpc-js";
import { MusterError } from "../base/muster-error.ts";
import { CHANNEL_OPTIONS } from "../base/node/channel-options.ts";
import { fromServiceError } from "../base/node/grpc-errors.ts";
import { grpcService } from "../base/node/grpc-service.ts";
import { type Coordinator, OperatorService } from "../proto/gen/muster/v1/operator_pb.js";

/** For the first question to a coordinator, which it answers from memory. */
const CONTACT_TIMEOUT_MS = 8_000;
/** Longer than it takes until another coordinator leads. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 250;
const CLIENT_OPTIONS = {
  ...CHANNEL_OPTIONS,
  // A coordinator that was restarted is found again at once, not after gRPC's own two minutes.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

const OperatorClient = makeClientConstructor(grpcService(OperatorService), "OperatorService");

type Callback = (error: unknown, reply: unknown) => void;
type Methods = Record<string, (...parts: unknown[]) => unknown>;

/** A coordinator that said that it leads. */
interface Leader {
  readonly address: string;
  readonly client: Client;
}

/** Connections to the coordinators of a cluster, of which one leads. */
export class LeaderConnection {
  readonly #addresses: readonly string[];
  readonly #clients = new Map<string, Client>();
  #leader: Promise<Leader> | null = null;
  /** Who was called last, for sentences. */
  #address: string;

  /** `addresses`: `HOST:PORT`, several with commas between. */
  constructor(addresses: string) {
    this.#addresses = addresses.split(",").map((address) => address.trim());
    this.#address = addresses;
  }

  /** Who is called, for sentences. */
  get peer(): string {
    return peerAt(this.#address);
  }

  /** Methods of whoever leads. Throws `connection` where none does: at once where only one was named, and is away. */
  async methods(): Promise<Methods> {
    this.#leader ??= this.#find();
    try {
      const { address, client } = await this.#leader;
      this.#address = address;
      return methodsOf(client);
    } catch (error) {
      this.#leader = null;
      throw error;
    }
  }

  /** A question that may be asked twice: where the leader is gone, its successor gets it. */
  async ask(method: string, request: object, timeoutMs: number): Promise<unknown> {
    try {
      return await this.#ask(method, request, timeoutMs);
    } catch (error) {
      if (MusterError.from(error).kind !== "connection" || this.#addresses.length === 1) throw error;
      return this.#ask(method, request, timeoutMs);
    }
  }

  /** An order that is given once. */
  order(method: string, request: object, timeoutMs: number): Promise<unknown> {
    return this.#ask(method, request, timeoutMs);
  }

  /** After a call that failed: the next one looks who leads. */
  forget(): void {
    this.#leader = null;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  async #ask(method: string, request: object, timeoutMs: number): Promise<unknown> {
    const methods = await this.methods();
    try {
      return await call(methods, { method, request, timeoutMs, peer: this.peer });
    } catch (error) {
      if (MusterError.from(error).kind === "connection") this.forget();
      throw error;
    }
  }

  async #find(): Promise<Leader> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const known = new Set(this.#addresses);
      const answers = await this.#askAll(known);
      const told = answers.flatMap((answer) => ("standsBy" in answer ? [answer.leaderAddress] : []));
      const others = new Set(told.filter((address) => address !== "" && !known.has(address)));
      const found = [...answers, ...(await this.#askAll(others))].find((answer) => "client" in answer);
      if (found !== undefined) return found;
      const isAlone = this.#addresses.length === 1 && told.length === 0;
      if (isAlone || performance.now() > deadlineMs) throw this.#nobody(answers);
      await sleep(PAUSE_MS);
    }
  }

  #nobody(answers: readonly Answer[]): MusterError {
    const errors = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
    if (errors.length === answers.length && errors.length === 1) return errors[0]!;
    const reasons = answers.map((answer) =>
      "error" in answer ? answer.error.message : `${"address" in answer ? answer.address : ""} stands by`,
    );
    return new MusterError("connection", `no coordinator leads: ${reasons.join("; ")}`, {
      wayOut: "`muster cluster status` shows who is there; a coordinator that leads needs NATS.",
    });
  }

  /** What each says; a leader's answer is not held up by others that are silent. */
  async #askAll(addresses: ReadonlySet<string>): Promise<readonly Answer[]> {
    const asked = Array.from(addresses, (address) => this.#askOne(address));
    const leading = asked.map(async (asking) => {
      const answer = await asking;
      if (!("client" in answer)) throw new Error("does not lead");
      return [answer];
    });
    return Promise.any(leading).catch(() => Promise.all(asked));
  }

  async #askOne(address: string): Promise<Answer> {
    let client = this.#clients.get(address);
    if (client === undefined) {
      client = new OperatorClient(address, credentials.createInsecure(), CLIENT_OPTIONS);
      this.#clients.set(address, client);
    }
    try {
      const question = { method: "getCoordinator", request: {}, timeoutMs: CONTACT_TIMEOUT_MS, peer: peerAt(address) };
      const { role, leaderAddress } = (await call(methodsOf(client), question)) as Coordinator;
      return role === "standby" ? { address, leaderAddress, standsBy: true } : { address, client };
    } catch (error) {
      return { error: MusterError.from(error) };
    }
  }
}

type Answer =
  | Leader
  | { readonly address: string; readonly leaderAddress: string; readonly standsBy: true }
  | { readonly error: MusterError };

interface Question {
  readonly method: string;
  readonly request: object;
  readonly timeoutMs: number;
  readonly peer: string;
}

function call(methods: Methods, { method, request, timeoutMs, peer }: Question): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Callback = (error, reply) => {
      if (error === null) resolve(reply);
      else reject(fromServiceError(error, peer));
    };
    methods[method]!(request, { deadline: Date.now() + timeoutMs }, done);
  });
}

function methodsOf(client: Client): Methods {
  return new Proxy(client as unknown as Methods, {
    // Also asked for `then`, since it is awaited.
    get: (target, name: string) => target[name]?.bind(target),
  });
}

function peerAt(address: string): string {
  return `the coordinator at ${address}`;
}
