import { expect, test } from "vitest";
import { cutAtStops } from "./generation.ts";

test("text ends before the first stop string that occurs in it", () => {
  expect(cutAtStops("one\n\ntwo. three", ["."])).toBe("one\n\ntwo");
  expect(cutAtStops("one\n\ntwo. three", [".", "\n\n"])).toBe("one");
  expect(cutAtStops("one", ["two"])).toBe("one");
  expect(cutAtStops("\none", ["\n"])).toBe("");
});

test("stop strings that overlap cut one after the other, as in the harness", () => {
  expect(cutAtStops("abX", ["bX", "ab"])).toBe("a");
  expect(cutAtStops("abX", ["ab", "bX"])).toBe("");
});

test("an empty stop string cuts nothing", () => {
  expect(cutAtStops("one", [""])).toBe("one");
});
