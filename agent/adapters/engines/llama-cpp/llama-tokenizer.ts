import type { LlamaModel } from "node-llama-cpp";
import type { Tokenizer } from "../tokens/encode-pair.ts";

/**
 * A model's own tokenizer, used as the harness's `hf` backend uses it: special tokens in a text are read as such, and
 * a beginning-of-text token stands before each prompt where the model wants one and the text does not bring it.
 */
export function llamaTokenizer(model: LlamaModel): Tokenizer {
  const { bos, bosString, eos, shouldPrependBosToken } = model.tokens;
  const encodeText = (text: string): number[] => model.tokenize(text, true);
  return {
    encodeText,
    encodePrompt(text) {
      const tokens = encodeText(text);
      const isBegun = bosString !== null && text.startsWith(bosString);
      return shouldPrependBosToken && bos !== null && !isBegun ? [bos, ...tokens] : tokens;
    },
    prefixToken: bos ?? eos ?? "the model has neither a beginning-of-text nor an end-of-text token",
  };
}
