// sacrebleu's default preparation for BLEU: the international mteval-v13a rules (`tokenizers/tokenizer_13a.py`).
import { split } from "../../python/split.ts";
import { rstrip } from "../../python/strip.ts";

const ENTITIES = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
] as const;
/** In this order: ASCII symbols, points and commas after and before what is no digit, hyphens after digits. */
const SEPARATIONS = [
  [/[{-~[-` -&(-+:-@/]/g, " $& "],
  [/([^0-9])([.,])/gu, "$1 $2 "],
  [/([.,])([^0-9])/gu, " $1 $2"],
  [/([0-9])-/g, "$1 - "],
] as const;

/** The words that BLEU counts. */
export function bleuWords(text: string): string[] {
  let line = rstrip(text).replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (line.includes("&")) for (const [entity, character] of ENTITIES) line = line.replaceAll(entity, character);
  line = ` ${line} `;
  for (const [pattern, replacement] of SEPARATIONS) line = line.replace(pattern, replacement);
  return split(line);
}
