import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { blobStoreContract } from "../../../test/contract/blob-store.contract.ts";
import { blobPath, FolderBlobStore } from "./folder-blob-store.ts";
import { MemoryBlobStore } from "./memory-blob-store.ts";

const folders: string[] = [];
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "muster-blobs-"));
  folders.push(folder);
  return folder;
}
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

blobStoreContract("folder blobs", async () => new FolderBlobStore(makeFolder()));
blobStoreContract("memory blobs", async () => new MemoryBlobStore());

test("folder blobs: a blob whose bytes were changed is refused by name", async () => {
  const folder = makeFolder();
  const store = new FolderBlobStore(folder);
  const digest = await store.put(new Uint8Array([1, 2, 3]));
  writeFileSync(blobPath(folder, digest), zstdCompressSync(new Uint8Array([1, 2, 4])));
  await expect(store.get(digest)).rejects.toMatchObject({ kind: "badData", message: expect.stringContaining(digest) });
  writeFileSync(blobPath(folder, digest), "torn");
  await expect(store.get(digest)).rejects.toMatchObject({ kind: "badData" });
});

test("folder blobs: nothing but whole blobs is left behind", async () => {
  const folder = makeFolder();
  const store = new FolderBlobStore(folder);
  await Promise.all(Array.from({ length: 50 }, (_, value) => store.put(new Uint8Array([value % 10]))));
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.includes("."));
  expect(files).toHaveLength(10);
  expect(files.every((name) => name.endsWith(".zst"))).toBe(true);
});
