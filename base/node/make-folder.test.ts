import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";

const home = mkdtempSync(join(tmpdir(), "muster-folder-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("a folder is made with those above it, and those that were missing are named", () => {
  const inner = join(home, "a", "b");
  expect(makeFolder(inner, 0o700)).toEqual([join(home, "a"), inner]);
  expect(statSync(inner).mode & 0o777).toBe(0o700);
  expect(makeFolder(inner)).toEqual([]);
});

test.skipIf(!existsSync("/proc/self"))(
  "a file system that refuses with ENOENT ends the try instead of hanging it",
  () => {
    expect(() => makeFolder("/proc/muster/x")).toThrow(/ENOENT/);
  },
);

test.skipIf(!existsSync("/proc/self"))("a data folder that cannot be made is refused with the way out", () => {
  expect(() => lockFolder("/proc/muster", "--data-dir")).toThrow(/cannot use the folder \/proc\/muster/);
});
