import { expect, test } from "vitest";
import { parseServerAddress } from "./server-address.ts";

test.each([
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/", "http://127.0.0.1:8000"],
  ["http://gpu-1:8000/v1", "http://gpu-1:8000"],
  ["https://host/path/v1/", "https://host/path"],
  ["http://host/v1/completions", "http://host"],
  ["http://host/v1/chat/completions", "http://host"],
  ["http://[::1]:8000/v1", "http://[::1]:8000"],
])("%s is a server at %s", (text, root) => {
  expect(parseServerAddress(text)).toEqual({ root, api: `${root}/v1`, query: "" });
});

test("an interface that is elsewhere is named by the whole address of its completions", () => {
  const api = "https://host/v1beta/openai";
  expect(parseServerAddress(`${api}/chat/completions`)).toEqual({ root: api, api, query: "" });
});

test("a query follows each path, as a provider's version of its interface does", () => {
  const api = "https://host/openai/deployments/mine";
  const query = "?api-version=2025-03-01";
  expect(parseServerAddress(`${api}/chat/completions${query}`)).toEqual({ root: api, api, query });
});

test.each(["https://me:s3cret@host/v1", "https://host/v1?api_key=s3cret", "https://host/v1?sig=s3cret"])(
  "%s holds what nobody may see, and is refused without showing it",
  (text) => {
    expect(() => parseServerAddress(text)).toThrow(/the server at host holds a key or a password/);
    expect(() => parseServerAddress(text)).not.toThrow(/s3cret/);
  },
);

test.each(["", "localhost:8000", "127.0.0.1:8000", "ftp://host", "http://"])("%j is no address", (text) => {
  expect(() => parseServerAddress(text)).toThrow(expect.objectContaining({ kind: "usage" }));
});
