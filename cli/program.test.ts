import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MusterError } from "../base/muster-error.ts";
import { COMMANDS } from "./commands.ts";
import { parseCommandLine } from "./program.ts";

async function refusal(words: readonly string[]): Promise<MusterError> {
  try {
    await parseCommandLine(words);
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test.each([
  [["rnu"], "run"],
  [["runs", "shwo", "x"], "muster runs show"],
  [["run", "--task", "x"], "--tasks"],
  [["agents", "drian", "x"], "muster agents drain"],
])("%j is refused with what is close to it", async (words, near) => {
  const error = await refusal(words);
  expect(error.kind).toBe("usage");
  expect(`${error.message}\n${error.wayOut}`).toContain(near);
});

test("a group's bare name is its list", async () => {
  expect((await parseCommandLine(["runs", "--last", "3"]))?.row.path).toBe("runs");
  expect((await parseCommandLine(["runs", "show", "abc", "--watch"]))?.words).toEqual(["abc"]);
});

test("--no-cache is a switch like any other", async () => {
  expect((await parseCommandLine(["run", "--no-cache"]))?.given).toEqual({ noCache: true });
  expect((await parseCommandLine(["run"]))?.given).toEqual({});
});

test("every command of the table can be loaded and called", async () => {
  for (const { load } of COMMANDS) expect(typeof (await load()).default).toBe("function");
});

const LAUNCHER = join(import.meta.dirname, "..", "bin", "muster.cjs");

test("the launcher prints help, and exit code 2 follows nothing at all", async () => {
  const run = (words: readonly string[]): Promise<{ code: unknown; stdout: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [LAUNCHER, ...words], (error, stdout) => resolve({ code: error?.code ?? 0, stdout }));
    });
  const help = await run(["--help"]);
  expect(help.code).toBe(0);
  for (const name of ["demo", "run", "runs", "coordinator", "agent", "agents", "tasks", "models", "version"]) {
    expect(help.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  }
  expect((await run([])).code).toBe(2);
});

test.skipIf(!existsSync("/proc/self"))("a cache folder that cannot be made costs time and nothing else", async () => {
  const environment: NodeJS.ProcessEnv = { ...process.env, XDG_CACHE_HOME: "/proc/muster" };
  delete environment["NODE_COMPILE_CACHE"];
  const ended = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
    const options = { env: environment, timeout: 60_000, killSignal: "SIGKILL" } as const;
    execFile(process.execPath, [LAUNCHER, "version"], options, (error, stdout) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout });
    });
  });
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^muster /) as string });
});
