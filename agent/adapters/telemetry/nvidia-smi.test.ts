import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { HostTelemetry } from "./host-telemetry.ts";
import { NvidiaSmi, parseGpuLine } from "./nvidia-smi.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-smi-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The shape of nvidia-smi 550 with --format=csv,noheader,nounits.
const H100 = "0, GPU-5d0ee8ae-3b1c-6c53-4a0f-1f7f4cb1b6aa, NVIDIA H100 80GB HBM3, 87, 71234, 81559, 512.37, 61";
// A virtual GPU reports no power, a MIG-enabled one no utilization.
const VIRTUAL = "1, GPU-00000000-1111-2222-3333-444444444444, GRID T4-16Q, [N/A], 1024, 16384, [Not Supported], 40";

/** A program that stands where nvidia-smi would; it is asked as the real one is, and says so where it is not. */
function makeProgram(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  const expected = "--format=csv,noheader,nounits";
  writeFileSync(
    path,
    `#!/bin/sh
case "$*" in *${expected}*--loop=1*) ;; *) echo "not asked as nvidia-smi is" >&2; exit 2 ;; esac
${lines.map((line) => `echo '${line}'`).join("\n")}
exec sleep 60
`,
  );
  chmodSync(path, 0o755);
  return path;
}

test("a line of nvidia-smi is read with its units", () => {
  expect(parseGpuLine(H100)).toEqual({
    index: 0,
    uuid: "GPU-5d0ee8ae-3b1c-6c53-4a0f-1f7f4cb1b6aa",
    name: "NVIDIA H100 80GB HBM3",
    utilizationShare: 0.87,
    memoryUsedBytes: 71_234 * 2 ** 20,
    memoryTotalBytes: 81_559 * 2 ** 20,
    powerWatts: 512.37,
    temperatureCelsius: 61,
  });
});

test("what a device does not report counts as 0", () => {
  expect(parseGpuLine(VIRTUAL)).toMatchObject({ index: 1, utilizationShare: 0, powerWatts: 0, temperatureCelsius: 40 });
});

test("lines that are no readings are left out", () => {
  expect(parseGpuLine("")).toBeNull();
  expect(parseGpuLine("No devices were found")).toBeNull();
  expect(parseGpuLine("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")).toBeNull();
  expect(
    parseGpuLine("Unable to determine the device handle for GPU 0000:01:00.0: Unknown Error, , , , , , ,"),
  ).toBeNull();
});

test("the program on PATH is read while it runs, and ended with the telemetry", async () => {
  makeProgram("nvidia-smi", [VIRTUAL, H100]);
  const path = process.env["PATH"];
  process.env["PATH"] = `${folder}${delimiter}${path}`;
  const telemetry = new HostTelemetry(new NvidiaSmi());
  process.env["PATH"] = path;
  const indexes = (): number[] => telemetry.read().gpus.map(({ index }) => index);
  await vi.waitFor(() => expect(indexes()).toEqual([0, 1]), { timeout: 10_000 });
  telemetry.close();
});

test("a host without the program has no GPUs to tell of, and its CPU and memory are read", async () => {
  const telemetry = new HostTelemetry(new NvidiaSmi(join(folder, "not-there")));
  const { gpus, cpuShare, memoryUsedBytes, memoryTotalBytes } = telemetry.read();
  expect(gpus).toEqual([]);
  expect(cpuShare).toBeGreaterThanOrEqual(0);
  expect(cpuShare).toBeLessThanOrEqual(1);
  expect(memoryUsedBytes).toBeGreaterThan(0);
  expect(memoryUsedBytes).toBeLessThan(memoryTotalBytes);
  telemetry.close();
});

test("a busy core shows in the CPU share", () => {
  const telemetry = new HostTelemetry(null);
  const until = performance.now() + 300;
  while (performance.now() < until);
  expect(telemetry.read().cpuShare).toBeGreaterThan(0);
});
