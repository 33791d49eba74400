import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blobStoreContract } from "../../../test/contract/blob-store.contract.ts";
import { blobPath, readBlob } from "../blobs/folder-blob-store.ts";
import { MemoryBlobStore } from "../blobs/memory-blob-store.ts";
import { MirroredBlobStore } from "./mirrored-blob-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-blobs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (blob: Uint8Array): string => Buffer.from(blob).toString();

blobStoreContract("mirrored blobs", async () => new MirroredBlobStore(new MemoryBlobStore(), folder));

test("what is put lies at both places; what another coordinator put is brought when it is asked for", async () => {
  const shared = new MemoryBlobStore();
  const store = new MirroredBlobStore(shared, folder);
  const own = await store.put(bytes("own"));
  expect(textOf(await shared.get(own))).toBe("own");
  expect(textOf(await readBlob(folder, own))).toBe("own");
  const others = await Promise.all(Array.from({ length: 40 }, (_, at) => shared.put(bytes(`other ${at}`))));
  await store.hold([...others, own]);
  for (const [at, digest] of others.entries()) expect(textOf(await readBlob(folder, digest))).toBe(`other ${at}`);
  await expect(store.hold(["0".repeat(64)])).rejects.toMatchObject({ kind: "notFound" });
});

test("a blob that is damaged here is brought again", async () => {
  const store = new MirroredBlobStore(new MemoryBlobStore(), folder);
  const digest = await store.put(bytes("precious"));
  writeFileSync(blobPath(folder, digest), "rubbish");
  await store.hold([digest]);
  expect(textOf(await readBlob(folder, digest))).toBe("precious");
});
