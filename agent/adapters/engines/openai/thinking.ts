import { lstrip } from "../../../../evaluation/harness/python/strip.ts";

/** A generated text without the thinking in it, and the thinking. */
export interface Thought {
  readonly text: string;
  readonly thinking: string;
}

/**
 * The answer is what follows the last end of thinking, as the harness has it (`postprocess_generated_text`); a text
 * without that end is all answer, also where the tokens ran out in the middle of the thinking.
 */
export function splitThinking(text: string, thinkEnd: string | null): Thought {
  if (thinkEnd === null || thinkEnd === "") return { text, thinking: "" };
  const at = text.lastIndexOf(thinkEnd);
  if (at < 0) return { text: lstrip(text), thinking: "" };
  return { text: lstrip(text.slice(at + thinkEnd.length)), thinking: text.slice(0, at) };
}
