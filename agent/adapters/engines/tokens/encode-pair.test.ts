import { expect, test } from "vitest";
import { RequestError } from "../request-error.ts";
import { encodePair, type Tokenizer } from "./encode-pair.ts";

/** A token a word with the space before it; a number's token is the number. */
function wordTokenizer(prefixToken: number | string, before: readonly number[] = []): Tokenizer {
  const encodeText = (text: string): number[] => (text.match(/\s?\d+|\s/g) ?? []).map((word) => Number(word) || 1000);
  return { encodeText, encodePrompt: (text) => [...before, ...encodeText(text)], prefixToken };
}

test("the continuation is what the whole text has after the context's tokens", async () => {
  expect(await encodePair(wordTokenizer(7), "1 2", " 3 4")).toEqual({ context: [1, 2], continuation: [3, 4] });
});

test("white space at the context's end goes to the continuation", async () => {
  expect(await encodePair(wordTokenizer(7), "1 2 ", "3")).toEqual({ context: [1, 2], continuation: [3] });
});

test("a continuation that joins the context's last word loses what the joined word covers", async () => {
  expect(await encodePair(wordTokenizer(7), "1 2", "5 6")).toEqual({ context: [1, 2], continuation: [6] });
});

test("an empty context is the prefix token, which is not doubled", async () => {
  expect(await encodePair(wordTokenizer(7), "", "3 4")).toEqual({ context: [7], continuation: [3, 4] });
  expect(await encodePair(wordTokenizer(7), "", "7 4")).toEqual({ context: [7], continuation: [4] });
});

test("tokens that the model wants before every prompt are in the context only", async () => {
  const tokenizer = wordTokenizer(7, [7]);
  expect(await encodePair(tokenizer, "1 2", " 3")).toEqual({ context: [7, 1, 2], continuation: [3] });
  expect(await encodePair(tokenizer, "", "3")).toEqual({ context: [7], continuation: [3] });
});

test("without a prefix token an empty context cannot be scored, for the reason given", async () => {
  await expect(encodePair(wordTokenizer("it has none"), "", "3")).rejects.toThrow("it has none");
  await expect(encodePair(wordTokenizer("it has none"), "", "3")).rejects.toBeInstanceOf(RequestError);
});
