// The process beside the harness: calls come in on standard input, answers go out on standard output, JSON lines both.
import { setTimeout as delay } from "node:timers/promises";
import { LineReader } from "../../base/node/line-reader.ts";
import { EXIT_CODES, MusterError } from "../../base/muster-error.ts";
import { readCallHead } from "../../frontend/bridge/call-line.ts";
import { CallSpool } from "../../frontend/bridge/call-spool.ts";
import { findCoordinator } from "../find-coordinator.ts";
import type { AgentSlot } from "../../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { persist } from "../follow-run.ts";
import type { Options } from "../options.ts";
import { placeRun } from "../run-plan.ts";
import { StatusLine } from "../status-line.ts";
import { answerCall, type CallSurroundings } from "./answer-call.ts";
import { AnswerIdentity, wordSentence } from "./answer-identity.ts";

const AGENTS_INTERVAL_MS = 500;

/** Answers calls until the harness closes its end; resolves to the exit code. Errors go to the harness, which tells them. */
export async function answerHarness(options: Options, signal: AbortSignal): Promise<number> {
  let client: CoordinatorClient | null = null;
  const gone = new AbortController();
  const lines = new LineReader(process.stdin, () => gone.abort());
  signal.addEventListener("abort", () => lines.end(), { once: true });
  try {
    client = findCoordinator(options);
    await client.getCoordinator();
    await writeLine('{"ready": true}');
    const identity = new AnswerIdentity(options);
    const around = { client, options, signal: AbortSignal.any([signal, gone.signal]), identity };
    for await (const line of lines.rest()) await answer(line, lines, around);
    return signal.aborted ? EXIT_CODES.interrupted : 0;
  } catch (thrown) {
    const { kind, message, wayOut } = MusterError.from(thrown);
    await writeLine(JSON.stringify({ error: { kind, message, wayOut: wayOut ?? "" } }));
    return EXIT_CODES[kind];
  } finally {
    lines.close();
    client?.close();
  }
}

interface Surroundings {
  readonly client: CoordinatorClient;
  readonly options: Options;
  readonly signal: AbortSignal;
  readonly identity: AnswerIdentity;
}

async function answer(headLine: string, lines: LineReader, around: Surroundings): Promise<void> {
  const spool = new CallSpool(readCallHead(headLine));
  try {
    for (let sample = 0; sample < spool.head.samples; sample++) {
      const line = await lines.next();
      if (line === null) throw new MusterError("interrupted", "the harness ended in the middle of a call");
      await spool.add(line);
    }
    const digest = await spool.finish();
    const { model, slots } = await findModel(around);
    const word = around.identity.takeWord(slots);
    if (word !== null) {
      process.stderr.write(`${wordSentence(model, word)}\n`);
      await writeLine(JSON.stringify({ resume: word }));
    }
    const call: CallSurroundings = {
      client: around.client,
      model,
      identity: around.identity.of(slots),
      signal: around.signal,
      onAnswer: (request, members) => writeLine(`{"request": ${request}, ${members}}`),
    };
    await answerCall(spool, digest, call);
    await writeLine('{"done": true}');
  } finally {
    await spool.remove();
  }
}

interface FoundModel {
  readonly model: string;
  readonly slots: readonly AgentSlot[];
}

/** The model that answers and who serves it; waits until a slot does. */
async function findModel({ client, options, signal }: Surroundings): Promise<FoundModel> {
  const status = new StatusLine();
  try {
    for (;;) {
      const agents = await persist(() => client.listAgents(), signal);
      const { model, slots } = placeRun(agents, options.model);
      if (slots.length > 0) return { model, slots: slots.map(({ slot }) => slot) };
      status.show(`waiting for an agent that serves ${model}`);
      await delay(AGENTS_INTERVAL_MS, undefined, { signal }).catch(() => {
        throw new MusterError("interrupted", `stopped while no agent served ${model}`);
      });
    }
  } finally {
    status.clear();
  }
}

async function writeLine(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
}
