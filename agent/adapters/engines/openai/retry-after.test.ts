import { expect, test } from "vitest";
import { readRetryAfter } from "./retry-after.ts";

const NOW = Date.parse("Wed, 21 Oct 2026 07:28:00 GMT");

test.each([
  ["7", 7000],
  [" 0 ", 0],
  ["0.5", 500],
  ["Wed, 21 Oct 2026 07:28:30 GMT", 30_000],
  ["Wed, 21 Oct 2026 07:27:00 GMT", 0],
  ["86400", 600_000],
  ["soon", undefined],
  [undefined, undefined],
])("%s asks for a rest of %s ms", (header, rest) => {
  expect(readRetryAfter(header, NOW)).toBe(rest);
});
