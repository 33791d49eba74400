// An ended run, looked at again by the real program: whole, and with each kind of damage.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Verification } from "../../evaluation/verification.ts";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";

const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");
const words = ["run", "--tasks", "made", "--model", "hash", "--include-path", tasks, "--yes", "--json"];
let runId: string;
let dataFolder: string;

beforeAll(async () => {
  makeTasks(tasks, 12, { choiceDocuments: 30, writtenDocuments: 20 });
  dataFolder = join(muster.home, "data");
  await muster.startCoordinator(["--data-dir", dataFolder]);
  await muster.startAgent("a", ["--engine", "hash", "--model", "hash"]);
  const output = join(muster.home, "output");
  const text = await muster.output([...words, "--coordinator", muster.grpcAddress, "--output", output]);
  ({ runId } = (JSON.parse(text) as { run: { runId: string } }).run);
});

afterAll(() => muster.stop());

async function verify(what: string, words_: readonly string[] = []): Promise<Verification & { code: number | null }> {
  const { code, stdout, stderr } = await muster.run(["verify", what, "--json", ...words_]);
  if (stdout === "") throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Verification), code };
}

const ofCoordinator = (): Promise<Verification & { code: number | null }> =>
  verify(runId, ["--coordinator", muster.grpcAddress]);

function brokenChecks({ checks }: Verification): string[] {
  return checks.filter(({ isGood }) => !isGood).map(({ name, detail }) => `${name}: ${detail}`);
}

test("the coordinator makes coverage and scores anew from the journal, and finds them as they were written", async () => {
  const found = await ofCoordinator();
  expect(found).toMatchObject({ runId, isGood: true, code: 0, coverage: { everySampleCountedOnce: true } });
  expect(found.checks.map(({ name }) => name)).toEqual("journal manifest responses coverage scores files".split(" "));
  expect(readdirSync(dataFolder).filter((name) => name.startsWith("verify-"))).toEqual([]);
});

test("journals are read and copied while a coordinator uses them, and not mended then", async () => {
  const place = ["--data-dir", dataFolder];
  const read = JSON.parse(await muster.output(["journal", "verify", "--json", ...place])) as { name: string }[];
  expect(read).toMatchObject([
    { name: "cluster", broken: null },
    { name: `run-${runId}`, broken: null },
  ]);
  const copy = join(muster.home, "copy.journal");
  await muster.output(["journal", "export", `run-${runId}`, "--output", copy, ...place]);
  const mended = await muster.run(["journal", "repair", `run-${runId}`, "--from", copy, ...place]);
  expect([mended.code, mended.stderr]).toEqual([4, expect.stringMatching(/is in use by the coordinator/)]);
  const other = join(muster.home, "other");
  mkdirSync(join(other, "journals"), { recursive: true });
  await muster.output(["journal", "import", copy, "--data-dir", other]);
  const [imported] = JSON.parse(await muster.output(["journal", "verify", "--json", "--data-dir", other])) as object[];
  expect(imported).toEqual(read[1]);
});

test("a manifest that was changed, a response that is damaged and a frame that is damaged are each named", async () => {
  const output = join(dataFolder, "runs", runId, "output");
  const manifest = readFileSync(join(output, "manifest.json"), "utf8");
  writeFileSync(join(output, "manifest.json"), manifest.replace(/"countedSamples": \d+/, '"countedSamples": 1'));
  const lied = await ofCoordinator();
  expect(lied.code).toBe(1);
  expect(brokenChecks(lied)).toEqual(["coverage: the manifest's certificate is another"]);
  writeFileSync(join(output, "manifest.json"), manifest);

  const journal = join(dataFolder, "journals", `run-${runId}.sqlite`);
  const database = new DatabaseSync(journal);
  const frames = database.prepare("SELECT position, payload FROM frames ORDER BY position").all() as {
    position: number;
    payload: Uint8Array;
  }[];
  const { position, payload } = frames.at(-2)!;
  const change = (bytes: Uint8Array): void =>
    void database.prepare("UPDATE frames SET payload = ? WHERE position = ?").run(bytes, position);
  change(payload.with(0, payload[0]! ^ 1));
  expect(brokenChecks(await ofCoordinator())).toEqual([
    expect.stringMatching(new RegExp(`^journal: .*frame ${position}: its bytes are damaged`)),
  ]);
  change(payload);
  database.close();

  const blobs = join(dataFolder, "blobs");
  const files = readdirSync(blobs, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".zst"));
  for (const name of files) {
    const bytes = readFileSync(join(blobs, name));
    writeFileSync(join(blobs, name), bytes.fill(0, bytes.length >> 1));
  }
  const [damaged] = brokenChecks(await ofCoordinator());
  expect(damaged).toMatch(/^responses: .*blob/);
});

test("a folder of results is compared with its manifest, file by file and sample by sample", async () => {
  const output = join(muster.home, "output");
  expect(await verify(output)).toMatchObject({ runId, isGood: true, code: 0 });
  const samples = readdirSync(output).find((name) => name.startsWith("samples_"))!;
  const text = readFileSync(join(output, samples), "utf8");
  writeFileSync(join(output, samples), text.slice(text.indexOf("\n") + 1));
  const short = await verify(output);
  expect(short.code).toBe(1);
  expect(brokenChecks(short)).toEqual([
    `files: ${samples} was changed after the run`,
    expect.stringMatching(/^coverage: samples_.* holds \d+ samples, the certificate says \d+$/),
  ]);
  const nothing = await muster.run(["verify", "no-such-run", "--coordinator", muster.grpcAddress]);
  expect(nothing.code).toBe(4);
});
