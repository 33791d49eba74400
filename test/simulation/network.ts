// Connections between agents and coordinators: each stream ordered and lossless until its connection breaks, and no order
// between the two streams of an agent. What is on its way when one breaks is lost, and each end learns of it in its time.
import { MusterError } from "../../base/muster-error.ts";
import type { CoordinatorChannel, MessageStream } from "../../agent/ports/coordinator-channel.ts";
import type { AgentStream } from "../../coordinator/ports/agent-stream.ts";
import type { ControlDown, ControlUp, DataDown, DataUp } from "../../proto/gen/muster/v1/agent_pb.js";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import type { ProcessLife } from "./process-life.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Slowest delivery of a message, milliseconds. */
const LATENCY_MAX_MS = 60;
/** A side notices a silent connection by its keep-alive within this time. */
const NOTICE_MAX_MS = 4_000;
/** A connection that nobody answers is given up after this. */
const DIAL_TIMEOUT_MS = 1_000;
/** Messages on their way at which a sender is told to wait. */
const WINDOW = 8;

type Direction = "up" | "down";

/** The coordinator's side of a new stream, if somebody listens. */
export interface Listener {
  readonly life: ProcessLife;
  control(stream: AgentStream<ControlDown, ControlUp>): void;
  data(stream: AgentStream<DataDown, DataUp>): void;
  /** Hears of every message that this coordinator sends. */
  sent(agent: number, message: ControlDown | DataDown): void;
}

/** All connections of a world. */
export class Network {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #listenerAt: (address: string) => Listener | null;
  readonly #streams = new Set<SimulatedStream<any, any>>();
  readonly #blocked = new Map<number, ReadonlySet<Direction>>();

  constructor(clock: VirtualClock, random: SeededRandom, listenerAt: (address: string) => Listener | null) {
    this.#clock = clock;
    this.#random = random;
    this.#listenerAt = listenerAt;
  }

  /** A channel of an agent's life to an address. */
  dial(agent: number, life: ProcessLife, address: string): CoordinatorChannel {
    const listener = (this.#blocked.get(agent)?.size ?? 0) > 0 ? null : this.#listenerAt(address);
    const streams: SimulatedStream<any, any>[] = [];
    const open = <Up, Down>(accept: (listener: Listener, stream: AgentStream<Down, Up>) => void) => {
      const stream = new SimulatedStream<Up, Down>(
        { clock: this.#clock, random: this.#random, agent, life, server: listener },
        () => this.#streams.delete(stream),
      );
      streams.push(stream);
      this.#streams.add(stream);
      if (listener === null) stream.refuse(`nobody listens at ${address}`);
      else stream.accept(() => accept(listener, stream.serverEnd));
      return stream.agentEnd;
    };
    return {
      control: () => open<ControlUp, ControlDown>((to, stream) => to.control(stream)),
      data: () => open<DataUp, DataDown>((to, stream) => to.data(stream)),
      close: () => {
        for (const stream of streams) stream.cut("agent");
      },
    };
  }

  /** Breaks all connections of a process, which died: the other side's machine says so soon. */
  died(life: ProcessLife): void {
    for (const stream of [...this.#streams]) stream.died(life);
  }

  /** Breaks one or both connections of an agent, silently. */
  cut(agent: number): void {
    const own = [...this.#streams].filter((stream) => stream.agent === agent);
    for (const stream of own) if (own.length === 1 || this.#random.below(4) > 0) stream.cut(null);
  }

  /** Lets nothing through in some directions for a while. Connections live on where it is short. */
  partition(agent: number, directions: readonly Direction[], durationMs: number): void {
    this.#blocked.set(agent, new Set(directions));
    for (const stream of this.#streams) {
      if (stream.agent !== agent) continue;
      for (const direction of directions) stream.block(direction, true);
      const noticedMs = this.#random.below(NOTICE_MAX_MS);
      if (noticedMs < durationMs) this.#clock.after(noticedMs, () => stream.cut(null));
    }
    this.#clock.after(durationMs, () => {
      this.#blocked.delete(agent);
      for (const stream of [...this.#streams]) {
        if (stream.agent === agent) for (const direction of directions) stream.block(direction, false);
      }
    });
  }
}

interface StreamSurroundings {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly agent: number;
  readonly life: ProcessLife;
  readonly server: Listener | null;
}

/** What travels one way. */
class Pipe {
  onMessage: (message: any) => void = () => {};
  lastAtMs = 0;
  inFlight = 0;
  isBlocked = false;
  isPaused = false;
  readonly held: (() => void)[] = [];
}

class SimulatedStream<Up, Down> {
  readonly agent: number;
  readonly agentEnd: MessageStream<Up, Down>;
  readonly serverEnd: AgentStream<Down, Up>;
  readonly #around: StreamSurroundings;
  readonly #onGone: () => void;
  readonly #up = new Pipe();
  readonly #down = new Pipe();
  #agentListeners: ((error: MusterError | null) => void)[] = [];
  readonly #serverListeners: (() => void)[] = [];
  #drainWaiters: (() => void)[] = [];
  #isCut = false;
  #agentKnows = false;
  #serverKnows = false;

  constructor(around: StreamSurroundings, onGone: () => void) {
    this.#around = around;
    this.#onGone = onGone;
    this.agent = around.agent;
    this.agentEnd = this.#makeAgentEnd();
    this.serverEnd = this.#makeServerEnd();
  }

  /** Nobody takes it. */
  refuse(reason: string): void {
    this.#isCut = true;
    this.#around.life.later(this.#around.random.below(DIAL_TIMEOUT_MS), () => this.#tellAgent(connectionError(reason)));
    this.#onGone();
  }

  /** The coordinator takes it, a moment later; messages come after that. */
  accept(take: () => void): void {
    this.#send(this.#up, this.#around.server!.life, take);
  }

  block(direction: Direction, isBlocked: boolean): void {
    const pipe = direction === "up" ? this.#up : this.#down;
    pipe.isBlocked = isBlocked;
    if (!isBlocked) for (const deliver of pipe.held.splice(0)) deliver();
  }

  died(life: ProcessLife): void {
    if (life === this.#around.life) this.cut("agent");
    else if (life === this.#around.server?.life) this.cut("server");
  }

  /** Breaks the connection. An end that closed it knows at once; its machine tells the other soon; a lost route tells no one. */
  cut(knownTo: "agent" | "server" | null): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#onGone();
    const { clock, random, life, server } = this.#around;
    const noticeMs = (): number => (knownTo === null ? random.below(NOTICE_MAX_MS) : 5);
    if (knownTo !== "agent") {
      clock.after(noticeMs(), () => life.now(() => this.#tellAgent(connectionError("the connection broke"))));
    } else this.#agentKnows = true;
    clock.after(noticeMs(), () => server!.life.now(() => this.#tellServer()));
  }

  #makeAgentEnd(): MessageStream<Up, Down> {
    return {
      onMessage: (listener) => {
        this.#down.onMessage = listener;
      },
      onEnd: (listener) => {
        this.#agentListeners.push(listener);
      },
      write: (message) => {
        if (this.#around.server !== null)
          this.#send(this.#up, this.#around.server.life, () => this.#deliverUp(message));
      },
      finish: () =>
        new Promise((resolve) => {
          const left = (): void => {
            this.#tellServer();
            this.#around.life.later(this.#around.random.below(LATENCY_MAX_MS), resolve);
          };
          if (this.#around.server !== null) this.#send(this.#up, this.#around.server.life, left);
        }),
      cancel: () => {
        this.#agentKnows = true;
        if (this.#around.server !== null) this.cut("agent");
      },
    };
  }

  #makeServerEnd(): AgentStream<Down, Up> {
    const server = this.#around.server!;
    return {
      onMessage: (listener) => {
        this.#up.onMessage = listener;
      },
      onEnd: (listener) => {
        this.#serverListeners.push(listener);
      },
      write: (message) => {
        if (!server.life.alive) return true;
        server.sent(this.agent, message as ControlDown | DataDown);
        this.#send(this.#down, this.#around.life, () => this.#down.onMessage(message));
        return this.#down.inFlight < WINDOW;
      },
      drained: () =>
        new Promise((resolve) => {
          if (this.#isCut || this.#down.inFlight < WINDOW) resolve();
          else this.#drainWaiters.push(resolve);
        }),
      pause: () => {
        this.#up.isPaused = true;
      },
      resume: () => {
        this.#up.isPaused = false;
        if (!this.#up.isBlocked) for (const deliver of this.#up.held.splice(0)) deliver();
      },
      end: () => this.#send(this.#down, this.#around.life, () => this.#endAgent(null)),
      fail: (error) => {
        this.#send(this.#down, this.#around.life, () => this.#endAgent(error));
        this.#tellServer();
      },
    };
  }

  #deliverUp(message: Up): void {
    if (this.#up.isPaused) this.#up.held.push(() => this.#deliverUp(message));
    else if (!this.#serverKnows) this.#up.onMessage(message);
  }

  #endAgent(error: MusterError | null): void {
    this.#tellAgent(error);
    this.cut("agent");
  }

  #tellAgent(error: MusterError | null): void {
    if (this.#agentKnows) return;
    this.#agentKnows = true;
    for (const listener of this.#agentListeners) listener(error);
  }

  #tellServer(): void {
    this.#wakeWriters();
    if (this.#serverKnows) return;
    this.#serverKnows = true;
    for (const listener of this.#serverListeners) listener();
  }

  #wakeWriters(): void {
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  #send(pipe: Pipe, to: ProcessLife, deliver: () => void): void {
    if (this.#isCut) return;
    const { clock, random } = this.#around;
    pipe.lastAtMs = Math.max(pipe.lastAtMs, clock.nowMs + random.below(LATENCY_MAX_MS));
    pipe.inFlight += 1;
    const arrive = (): void => {
      if (this.#isCut) return;
      if (pipe.isBlocked) {
        pipe.held.push(arrive);
        return;
      }
      to.now(() => {
        pipe.inFlight -= 1;
        if (pipe === this.#down && pipe.inFlight < WINDOW) this.#wakeWriters();
        if (!this.#isCut) deliver();
      });
    };
    clock.after(pipe.lastAtMs - clock.nowMs, arrive);
  }
}

function connectionError(message: string): MusterError {
  return new MusterError("connection", message);
}
