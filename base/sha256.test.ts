import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256Hex } from "./sha256.ts";

test("any text has the digest that Node's crypto gives it", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 }).map((value) => value.toWellFormed());
  fc.assert(
    fc.property(text, (value) => {
      expect(sha256Hex(value)).toBe(createHash("sha256").update(value).digest("hex"));
    }),
  );
});

test("lengths around a block are padded right", () => {
  for (let length = 50; length < 140; length += 1) {
    const text = "x".repeat(length);
    expect(sha256Hex(text)).toBe(createHash("sha256").update(text).digest("hex"));
  }
});
