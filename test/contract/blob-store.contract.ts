import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { BlobStore } from "../../coordinator/ports/blob-store.ts";

/** What every blob store must do. */
export function blobStoreContract(name: string, makeStore: () => Promise<BlobStore>): void {
  test(`${name}: bytes come back under their SHA-256`, async () => {
    const store = await makeStore();
    const bytes = new TextEncoder().encode("abc");
    const digest = await store.put(bytes);
    expect(digest).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(Buffer.from(await store.get(digest)).equals(bytes)).toBe(true);
    expect(await store.put(bytes)).toBe(digest);
    await store.close();
  });

  test(`${name}: empty bytes are a blob too`, async () => {
    const store = await makeStore();
    expect(await store.get(await store.put(new Uint8Array()))).toHaveLength(0);
    await store.close();
  });

  test(`${name}: large bytes, put by many at once, come back`, async () => {
    const store = await makeStore();
    const blobs = [1 << 17, (1 << 17) + 1, 3_000_000].map((length) => randomBytes(length));
    const digests = await Promise.all([...blobs, ...blobs].map((bytes) => store.put(bytes)));
    for (const [at, bytes] of blobs.entries()) {
      expect(digests[at + blobs.length]).toBe(digests[at]);
      expect(bytes.equals(await store.get(digests[at]!))).toBe(true);
    }
    await store.close();
  });

  test(`${name}: an unknown digest is not found`, async () => {
    const store = await makeStore();
    await expect(store.get("0".repeat(64))).rejects.toMatchObject({ kind: "notFound" });
    await store.close();
  });
}
