import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeZip } from "../../test/support/write-zip.ts";
import { ZipFile } from "./unzip.ts";

describe("ZipFile", () => {
  const folder = mkdtempSync(join(tmpdir(), "muster-zip-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function read(archive: Buffer): Record<string, string> {
    const file = join(folder, "archive.zip");
    writeFileSync(file, archive);
    const zip = new ZipFile(file);
    try {
      return Object.fromEntries(zip.members().map((member) => [member.name, member.read().toString()]));
    } finally {
      zip.close();
    }
  }

  const archive = writeZip({
    "a/": "",
    "a/packed.txt": "text ".repeat(1_000),
    "stored é": Buffer.from("bytes"),
    empty: "",
  });

  it("reads packed and stored members, and leaves folders out", () => {
    expect(read(archive)).toStrictEqual({ "a/packed.txt": "text ".repeat(1_000), "stored é": "bytes", empty: "" });
  });

  it("finds the directory before a comment", () => {
    const commented = Buffer.concat([archive, Buffer.from("a comment")]);
    commented.writeUInt16LE(9, archive.length - 2);
    expect(Object.keys(read(commented))).toHaveLength(3);
  });

  it.each(["../outside", "a/../../outside", "/etc/passwd", "a\\..\\b"])(
    "refuses a member that lies outside: %s",
    (path) => {
      expect(() => read(writeZip({ [path]: "x" }))).toThrow(/holds a file outside itself/);
    },
  );

  it("refuses an archive that is cut off, at any place", () => {
    for (const size of [0, 10, 60, archive.length - 30, archive.length - 1]) {
      expect(() => read(archive.subarray(0, size)), String(size)).toThrow(/is damaged/);
    }
  });

  it("refuses a member whose bytes were changed", () => {
    const changed = Buffer.from(archive);
    changed[changed.indexOf("bytes")]! ^= 1;
    expect(() => read(changed)).toThrow(/stored é is torn/);
  });

  it("refuses a member that unpacks to more than it claims", () => {
    const bomb = Buffer.from(archive);
    const entry = bomb.indexOf("PK\u0001\u0002", bomb.indexOf("PK\u0001\u0002") + 4);
    bomb.writeUInt32LE(10, entry + 24);
    expect(() => read(bomb)).toThrow(/is damaged/);
  });
});
