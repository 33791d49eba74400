import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { FileServer } from "../test/support/file-server.ts";
import { readChatTemplate } from "./chat-template.ts";
import { fetchChatTemplate } from "./hub-chat-template.ts";

const SHA = "a".repeat(40);
const cacheFolder = mkdtempSync(join(tmpdir(), "muster-template-"));
const notes: string[] = [];
let hub: FileServer;

beforeAll(async () => {
  hub = await FileServer.start();
  const siblings = ["config.json", "tokenizer_config.json", "chat_template.jinja"].map((rfilename) => ({ rfilename }));
  hub.put("/api/models/org/chatty/revision/main?blobs=true", { sha: SHA, siblings });
  hub.put("/api/models/org/base/revision/main?blobs=true", { sha: SHA, siblings: siblings.slice(0, 1) });
  hub.put(`/org/chatty/resolve/${SHA}/tokenizer_config.json`, { bos_token: "<s>", chat_template: "old" });
  hub.put(`/org/chatty/resolve/${SHA}/chat_template.jinja`, "{{ bos_token }}{{ messages[0].content }}");
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await hub.stop();
  rmSync(cacheFolder, { recursive: true });
});

function fetch(repository: string): Promise<string> {
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", "secret");
  const { signal } = new AbortController();
  return fetchChatTemplate(repository, "main", { cacheFolder, onNote: (note) => notes.push(note), signal });
}

test("a model's template is fetched once, with the login, at the commit that the revision names", async () => {
  const folder = await fetch("org/chatty");
  expect(folder).toContain(SHA);
  expect(readChatTemplate(folder)).toEqual({
    kind: "jinja",
    text: "{{ bos_token }}{{ messages[0].content }}",
    tokens: { bos_token: "<s>" },
  });
  expect(new Set(hub.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer secret"]));
  const before = hub.requests.length;
  expect(await fetch("org/chatty")).toBe(folder);
  expect(hub.requests.length).toBe(before + 1);
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  expect(readFileSync(join(await fetch("org/chatty"), "chat_template.jinja"), "utf8")).toContain("bos_token");
});

test.each([
  ["org/base", "the model org/base on the hub has no tokenizer"],
  ["org/none", "the hub has no model org/none at the revision main"],
])("%s has none, and that is said", async (repository, sentence) => {
  await expect(fetch(repository)).rejects.toMatchObject({
    kind: "notFound",
    message: expect.stringContaining(sentence),
  });
});
