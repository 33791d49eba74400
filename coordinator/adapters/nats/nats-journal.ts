import { randomBytes } from "node:crypto";
import type { AppendResult, Frame, Journal } from "../../ports/journal.ts";
import { FIRST_HASH, hashFrame } from "../journals/frame-hash.ts";
import { brokenFrame, readFrom, readOn, type ReadPosition } from "../journals/read-position.ts";
import { appendMessages } from "./append-messages.ts";
import { decodeMessage, encodeMessages, type FramePart, joinParts } from "./frame-message.ts";
import { lastSequence, type MessageRange, readMessage, readMessages, type ReadStream } from "./stream-messages.ts";

/** Where the next frame goes. */
interface Tail {
  /** Number of the last message. */
  readonly sequence: number;
  /** Frames so far. */
  readonly length: number;
  readonly lastHash: string;
  readonly lastEpoch: number;
}

const EMPTY: Tail = { sequence: 0, length: 0, lastHash: FIRST_HASH, lastEpoch: 0 };

/** One journal: a stream whose messages are frames. */
export class NatsJournal implements Journal {
  readonly #stream: ReadStream;
  readonly #subject: string;
  readonly #closing: AbortSignal;
  /** Tells this writer's frames from equal ones of others. */
  readonly #writer = randomBytes(16);
  /** Null: not known (any more). */
  #tail: Tail | null = null;
  /** One append at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(stream: ReadStream, subject: string, closing: AbortSignal) {
    this.#stream = stream;
    this.#subject = subject;
    this.#closing = closing;
  }

  /** Throws `connection` where NATS is silent for 30 s: then it is not known whether it holds the frame. */
  append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult> {
    const appended = this.#last.then(() => this.#append(payload, epoch, expectedIndex));
    this.#last = appended.catch(() => null);
    return appended;
  }

  async *read(fromIndex: number, epochMax?: number): AsyncGenerator<Frame> {
    const to = await lastSequence(this.#stream);
    yield* this.#readFrames(readFrom(fromIndex, epochMax), { from: fromIndex + 1, to });
  }

  async *watch(fromIndex: number, signal: AbortSignal): AsyncGenerator<Frame> {
    const range = {
      from: fromIndex + 1,
      to: Number.POSITIVE_INFINITY,
      signal: AbortSignal.any([signal, this.#closing]),
    };
    yield* this.#readFrames(readFrom(fromIndex), range);
  }

  async length(): Promise<number> {
    this.#tail = await this.#readTail();
    return this.#tail.length;
  }

  async close(): Promise<void> {
    await this.#last;
  }

  async #append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult> {
    let tail = this.#tail ?? (await this.#readTail());
    if (expectedIndex > tail.length) tail = await this.#readTail();
    this.#tail = null;
    if (expectedIndex === tail.length && epoch >= tail.lastEpoch) {
      const frame: Frame = { index: tail.length, epoch, previousHash: tail.lastHash, payload };
      const messages = await encodeMessages(frame, this.#writer, this.#stream.connection.messageBytesMax);
      const appending = { stream: this.#stream, subject: this.#subject, messages, after: tail.sequence };
      const appended = await appendMessages(appending);
      if (appended.kind === "ours") {
        const hash = hashFrame(frame);
        const sequence = tail.sequence + messages.length;
        this.#tail = { sequence, length: tail.length + 1, lastHash: hash, lastEpoch: epoch };
        return { kind: "durable", index: frame.index, hash };
      }
      if (appended.kind === "noSpace") {
        this.#tail = tail;
        return appended;
      }
      tail = await this.#readTail();
    }
    this.#tail = tail;
    return { kind: "conflict", nextIndex: tail.length };
  }

  /** As the stream's leader has it. */
  async #readTail(): Promise<Tail> {
    const sequence = await lastSequence(this.#stream);
    if (sequence === 0) return EMPTY;
    const last = await this.#readPart(sequence);
    const parts: FramePart[] = last === null ? [] : [last];
    for (let before = sequence - 1; parts.length > 0 && parts[0]!.part > 0; before -= 1) {
      const part = await this.#readPart(before);
      if (part === null || part.index !== last?.index) break;
      parts.unshift(part);
    }
    const frame = await joinParts(parts);
    if (frame === null) throw await this.#brokenTail(sequence);
    return { sequence, length: frame.index + 1, lastHash: hashFrame(frame), lastEpoch: frame.epoch };
  }

  /** Null where the message is not there or damaged. */
  async #readPart(sequence: number): Promise<FramePart | null> {
    const message = await readMessage(this.#stream, sequence);
    return message === null ? null : decodeMessage(message.data);
  }

  /** Which frame it is shows only what was read before it: finds the first that is broken. */
  async #brokenTail(sequence: number): Promise<Error> {
    try {
      for await (const _ of this.read(0));
    } catch (error) {
      if (error instanceof Error) return error;
    }
    return brokenFrame(this.#stream.name, sequence, "its bytes are damaged");
  }

  async *#readFrames(start: ReadPosition, range: MessageRange): AsyncGenerator<Frame> {
    let position = start;
    let parts: FramePart[] = [];
    let sequence = range.from - 1;
    for await (const message of readMessages(this.#stream, range)) {
      sequence = message.sequence;
      const part = decodeMessage(message.data);
      if (part === null) throw this.#broken(position, "its bytes are damaged");
      // A frame of several messages shifts the numbers of those after it.
      if (part.index < start.index) continue;
      parts.push(part);
      if (part.part < part.parts - 1) continue;
      const frame = await joinParts(parts);
      if (frame === null) throw this.#broken(position, "its parts do not belong together");
      parts = [];
      position = readOn(position, frame, this.#stream.name);
      yield frame;
    }
    if (range.signal?.aborted === true) return;
    if (sequence < range.to) throw this.#broken(position, "it is missing");
    if (parts.length > 0) throw this.#broken(position, "its end is missing");
  }

  #broken({ index }: ReadPosition, what: string): Error {
    return brokenFrame(this.#stream.name, index, what);
  }
}
