import { RequestError } from "../request-error.ts";
import { bad } from "./server-client.ts";
import { onlyChoice, readUsage, type ReadText } from "./read-answer.ts";

/** Most stop strings that chat servers take; the harness sends no more either. */
export const CHAT_STOPS_MAX = 4;

/** A prompt's turns: prompts for chat servers are their JSON (`muster run --apply-chat-template messages`). */
export function readTurns(context: string): readonly unknown[] {
  try {
    const turns = JSON.parse(context) as unknown;
    if (Array.isArray(turns) && turns.length > 0 && turns.every(isTurn)) return turns;
  } catch {
    // Said below.
  }
  throw new RequestError({
    retry: "never",
    reason: "no_turns",
    message: "a chat server takes turns, and this prompt is plain text: run with --apply-chat-template messages",
  });
}

function isTurn(value: unknown): boolean {
  const { role, content } = (value ?? {}) as { readonly role?: unknown; readonly content?: unknown };
  return typeof role === "string" && typeof content === "string";
}

/** A text as the only turn of a user. */
export function asTurns(text: string): string {
  return JSON.stringify([{ role: "user", content: text }]);
}

/**
 * Reads the answer of a chat server. What a reasoning model thought is no part of the answer where the server keeps it
 * apart; its tokens count. No content at all is the empty text, as where a filter withheld it.
 */
export function readMessage(answer: unknown, url: string): ReadText & { readonly thinking: string } {
  const message = (onlyChoice(answer, url).message ?? {}) as {
    readonly content?: unknown;
    readonly reasoning_content?: unknown;
    readonly reasoning?: unknown;
  };
  const content = message.content ?? "";
  if (typeof content !== "string") throw bad(url, "answered with a message that is no text");
  const thinking = [message.reasoning_content, message.reasoning].find((value) => typeof value === "string") ?? "";
  return { text: content, thinking, ...readUsage(answer) };
}
