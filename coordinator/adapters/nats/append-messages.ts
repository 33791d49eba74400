// Compare-and-set on a stream, and what to believe when its answer is lost: the same bytes are sent again with the same
// expectation; where the stream then ends elsewhere, its leader is asked whose message lies there.
import { headers, type MsgHdrs, nuid } from "@nats-io/transport-node";
import { JetStreamApiError } from "@nats-io/jetstream";
import { assert } from "../../../base/assert.ts";
import { MusterError } from "../../../base/muster-error.ts";
import { Patience, silent, troubleOf } from "./passing-trouble.ts";
import { lastSequence, readMessage, type ReadStream } from "./stream-messages.ts";

/** While its leader is elected a stream is silent: the sooner it is asked again, the shorter the gap. */
const PUBLISH_TIMEOUT_MS = 500;
/** What each message may add to it. */
const PART_TIMEOUT_MS = 500;

/** Messages to append at once, or not at all. */
export interface Appending {
  readonly stream: ReadStream;
  readonly subject: string;
  readonly messages: readonly Uint8Array[];
  /** Number of the message that must be the stream's last. */
  readonly after: number;
}

/** `ours`: they are durable. `theirs`: something else lies there. */
export type Appended = { readonly kind: "ours" | "theirs" } | { readonly kind: "noSpace"; readonly message: string };

/** Appends. Throws `connection` where it cannot be known for long, `badData` where the stream lost its end. */
export async function appendMessages(appending: Appending): Promise<Appended> {
  const subject = `stream ${appending.stream.name}`;
  let isUnknown = false;
  for (const patience = new Patience(); ;) {
    try {
      const sequence = await publish(appending);
      assert(sequence === appending.after + appending.messages.length, `${subject} numbers its messages otherwise`);
      return { kind: "ours" };
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === "lasting") throw error;
      if (trouble === "wrongSequence" || (trouble === "noSpace" && isUnknown)) {
        const whose = await lookUp(appending);
        if (whose !== null) return { kind: whose };
      }
      if (trouble === "noSpace" && !isUnknown) return { kind: "noSpace", message: `${subject}: ${String(error)}` };
      isUnknown = true;
      if (await patience.wait()) continue;
      const last = await lastSequence(appending.stream);
      throw last < appending.after ? lostEnd(subject, last, appending.after) : silent(subject, error);
    }
  }
}

/** Whose message lies where ours should: null where there is none (an earlier try of ours may be under way). */
async function lookUp({ stream, messages, after }: Appending): Promise<"ours" | "theirs" | null> {
  const found = await readMessage(stream, after + 1);
  if (found === null) return null;
  return Buffer.from(messages[0]!).equals(found.data) ? "ours" : "theirs";
}

/** The number of the last message, once all are durable. Several are one batch: the server takes all or none. */
async function publish({ stream, subject, messages, after }: Appending): Promise<number> {
  const { client, jetstream } = stream.connection;
  const timeout = PUBLISH_TIMEOUT_MS + messages.length * PART_TIMEOUT_MS;
  const expect = { streamName: stream.name, lastSequence: after };
  if (messages.length === 1) return (await jetstream.publish(subject, messages[0], { expect, timeout })).seq;
  const batch = nuid.next();
  const first = batchHeaders(batch, 1);
  first.set("Nats-Expected-Stream", stream.name);
  first.set("Nats-Expected-Last-Sequence", String(after));
  const begun = await client.request(subject, messages[0], { headers: first, timeout });
  if (begun.data.length > 0) throw refusal(begun.json());
  for (const [at, message] of messages.slice(1, -1).entries()) {
    client.publish(subject, message, { headers: batchHeaders(batch, at + 2) });
  }
  const last = batchHeaders(batch, messages.length);
  last.set("Nats-Batch-Commit", "1");
  return (await jetstream.publish(subject, messages.at(-1), { headers: last, timeout })).seq;
}

function batchHeaders(batch: string, sequence: number): MsgHdrs {
  const made = headers();
  made.set("Nats-Batch-Id", batch);
  made.set("Nats-Batch-Sequence", String(sequence));
  return made;
}

function refusal(answer: unknown): Error {
  const { error } = answer as { readonly error?: ConstructorParameters<typeof JetStreamApiError>[0] };
  return error === undefined ? new Error("the server did not begin a batch") : new JetStreamApiError(error);
}

function lostEnd(subject: string, last: number, after: number): MusterError {
  return new MusterError("badData", `${subject} ends at message ${last}, and message ${after} was acknowledged`, {
    wayOut: "The servers lost what they had acknowledged. Restore the journal from a copy; nothing was changed.",
  });
}
