// Reading a stream in order and without gaps. What a consumer delivers may skip a message: because it was lost on the
// way, or because the stream no longer has it. The stream's leader is asked which.
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { createInbox, nanos } from "@nats-io/transport-node";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "./nats-connection.ts";
import { askPatiently } from "./passing-trouble.ts";

/** A pull of more than the server lets wait on a connection (64 MB) would cut the connection. */
const PULL_BYTES = 8 << 20;
const PULL_MESSAGES = 10_000;
/** A pull that brings nothing for this long is looked into. */
const PULL_WAIT_MS = 2_000;
const SILENCE_MS = 1_000;
const CONSUMER_LIFE_MS = 60_000;
/** So few are asked for one by one: that is cheaper than a consumer. */
const FEW_MESSAGES = 4;
const PAUSE_MS = 50;

/** A message of a stream. */
export interface StoredMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** A stream, as far as reading goes. */
export interface ReadStream {
  readonly connection: NatsConnection;
  readonly name: string;
}

/** One message as the stream's leader has it; null where it has none with this number. */
export async function readMessage({ connection, name }: ReadStream, sequence: number): Promise<StoredMessage | null> {
  const found = await askPatiently(`stream ${name}`, () =>
    connection.manager.streams.getMessage(name, { seq: sequence }),
  );
  return found === null ? null : { sequence, data: found.data };
}

/** The number of the last message that the stream's leader has; 0: none. */
export async function lastSequence({ connection, name }: ReadStream): Promise<number> {
  const { state } = await askPatiently(`stream ${name}`, () => connection.manager.streams.info(name));
  return state.last_seq;
}

/** What to read: the messages from one number to another, or without end until it is aborted. */
export interface MessageRange {
  readonly from: number;
  readonly to: number;
  readonly signal?: AbortSignal;
}

/** Messages one after the other. Ends early where one is missing; goes on where a consumer or a server is lost. */
export async function* readMessages(stream: ReadStream, range: MessageRange): AsyncGenerator<StoredMessage> {
  const isWanted = (sequence: number): boolean => sequence <= range.to && range.signal?.aborted !== true;
  for (let next = range.from; isWanted(next);) {
    if (range.to - next >= FEW_MESSAGES) {
      for await (const message of pullMessages(stream, { ...range, from: next })) {
        yield message;
        next = message.sequence + 1;
      }
      if (!isWanted(next)) return;
    }
    const message = await readMessage(stream, next);
    if (message !== null) {
      yield message;
      next += 1;
    } else if (next <= Math.min(range.to, await lastSequence(stream))) return;
    else await sleep(PAUSE_MS);
  }
}

/** What one consumer brings, up to the first message that it does not. */
async function* pullMessages(stream: ReadStream, range: MessageRange): AsyncGenerator<StoredMessage> {
  const consumer = await askPatiently(`stream ${stream.name}`, () => makeConsumer(stream, range.from));
  try {
    for (let next = range.from; next <= range.to;) {
      const before = next;
      for await (const message of pullOnce(stream, consumer, { ...range, from: next })) {
        if (message.sequence !== next) return;
        yield message;
        next += 1;
      }
      if (range.signal?.aborted === true || (next === before && (await lastSequence(stream)) >= next)) return;
    }
  } finally {
    // Where this fails, the server forgets it by itself after a while.
    await stream.connection.manager.consumers.delete(stream.name, consumer).catch(() => false);
  }
}

/** What there is, up to a bound that the client's own pulls do not have; waits a little where there is nothing. */
async function* pullOnce(
  { connection: { client }, name }: ReadStream,
  consumer: string,
  { from, to, signal }: MessageRange,
): AsyncGenerator<StoredMessage> {
  const batch = Math.min(PULL_MESSAGES, to - from + 1);
  const inbox = createInbox();
  const subscription = client.subscribe(inbox);
  const stop = (): void => subscription.unsubscribe();
  // The server says when it has no more, unless it dies.
  const silence = setTimeout(stop, PULL_WAIT_MS + SILENCE_MS);
  signal?.addEventListener("abort", stop);
  try {
    const wish = { batch, max_bytes: PULL_BYTES, expires: nanos(PULL_WAIT_MS) };
    client.publish(`$JS.API.CONSUMER.MSG.NEXT.${name}.${consumer}`, JSON.stringify(wish), { reply: inbox });
    let count = 0;
    for await (const message of subscription) {
      if (signal?.aborted === true || (message.headers?.code ?? 0) !== 0) return;
      silence.refresh();
      yield { sequence: sequenceOf(message.reply ?? ""), data: message.data };
      count += 1;
      if (count === batch) return;
    }
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener("abort", stop);
    subscription.unsubscribe();
  }
}

/** `$JS.ACK.stream.consumer.deliveries.SEQUENCE.…`, with two words more after ACK where there are domains. */
function sequenceOf(reply: string): number {
  const words = reply.split(".");
  return Number(words[words.length > 9 ? 7 : 5]);
}

/** Its name. */
async function makeConsumer({ connection, name }: ReadStream, from: number): Promise<string> {
  const made = await connection.manager.consumers.add(name, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(CONSUMER_LIFE_MS),
  });
  return made.name;
}
