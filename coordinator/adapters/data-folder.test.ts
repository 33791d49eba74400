import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDataFolder, readAnnouncement } from "./data-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a second coordinator on a data folder hears who has it, and gets it once that process is killed", async () => {
  const script = `
    const { openDataFolder } = await import(${JSON.stringify(join(import.meta.dirname, "data-folder.ts"))});
    const folder = await openDataFolder(${JSON.stringify(folder)});
    await folder.announce({ grpcAddress: "127.0.0.1:1", httpAddress: "127.0.0.1:2" });
    console.log("open");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await expect(openDataFolder(folder)).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining(`process id ${child.pid}`),
    wayOut: expect.stringContaining("--coordinator 127.0.0.1:1"),
  });
  expect(readAnnouncement(folder)).toMatchObject({ grpcAddress: "127.0.0.1:1" });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readAnnouncement(folder)).toBeNull();
  await (await openDataFolder(folder)).close();
});
