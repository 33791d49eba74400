// Whether an earlier answer is an answer of the same model: only a digest of its weights can tell.
import { randomBytes } from "node:crypto";
import type { AgentSlot } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Options } from "../options.ts";
import { printable } from "../terminal.ts";

/**
 * What must be equal beside the requests for an earlier answer to count: engines, their versions, contexts and weights.
 * A server that tells no digest of its weights may hold others by now under the same name; answers of such a server
 * count only for who names the command that got them, by the word that it was told.
 */
export class AnswerIdentity {
  readonly #isFresh: boolean;
  /** Random where nobody named an earlier command. */
  readonly #word: string;
  readonly #isNamed: boolean;
  #isTold = false;

  constructor({ noCache, resume }: Pick<Options, "noCache" | "resume">) {
    this.#isFresh = noCache;
    this.#isNamed = resume !== undefined && !noCache;
    this.#word = this.#isNamed ? resume! : randomBytes(noCache ? 16 : 6).toString("hex");
  }

  /** The identity of what these slots answer. */
  of(slots: readonly AgentSlot[]): string {
    const facts = slots.map(({ engine, engineVersion, model, modelDigest, contextTokens }) =>
      JSON.stringify([engine, engineVersion, model, modelDigest, contextTokens]),
    );
    const known = [...new Set(facts)].sort().join("\n");
    return this.#isFresh || !tellsDigests(slots) ? `${known}\n${this.#word}` : known;
  }

  /** The word that names this command, once, where answers of these slots will not be found without it. */
  takeWord(slots: readonly AgentSlot[]): string | null {
    if (this.#isFresh || this.#isNamed || this.#isTold || tellsDigests(slots)) return null;
    this.#isTold = true;
    return this.#word;
  }
}

/** Whether all of these slots say which weights they hold. */
export function tellsDigests(slots: readonly AgentSlot[]): boolean {
  return slots.every(({ modelDigest }) => modelDigest !== "");
}

/** What people are told of the word. */
export function wordSentence(model: string, word: string): string {
  return `The server of ${printable(model)} tells no digest of its weights, so that answers of earlier commands are not used. To go on from this command, should it be interrupted, give it again with --resume ${word} (resume=${word} among the model's arguments).`;
}
