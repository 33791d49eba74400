import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { apiKeyHeaders } from "./api-key.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-key-"));
const file = join(folder, "key");
writeFileSync(file, "from-file\n");
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [{}, {}],
  [{ OPENAI_API_KEY: "k" }, { authorization: "Bearer k" }],
  [{ OPENAI_API_KEY: "k", MUSTER_ENGINE_API_KEY_FILE: file }, { authorization: "Bearer from-file" }],
  [{ MUSTER_ENGINE_API_KEY: "m", MUSTER_ENGINE_API_KEY_FILE: file }, { authorization: "Bearer m" }],
  [{ MUSTER_ENGINE_API_KEY: "m", MUSTER_ENGINE_API_KEY_HEADER: "Api-Key" }, { "api-key": "m" }],
])("%j gives the headers %j", (environment, headers) => {
  expect(apiKeyHeaders(environment)).toEqual(headers);
});

test("a key that cannot be read or sent is refused without showing it", () => {
  expect(() => apiKeyHeaders({ MUSTER_ENGINE_API_KEY_FILE: join(folder, "none") })).toThrow(
    /none .*cannot be read \(ENOENT\)/,
  );
  const broken = { MUSTER_ENGINE_API_KEY: "secret\nX-Evil: 1" };
  expect(() => apiKeyHeaders(broken)).toThrow(/no header may have/);
  expect(() => apiKeyHeaders(broken)).not.toThrow(/secret/);
});
