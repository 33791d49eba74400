// The bridge's own tests, which are Python's, in the environment of the reference harness.
import { join } from "node:path";
import { expect, test } from "vitest";
import { harnessPython } from "../support/harness-python.ts";
import { BRIDGE_FOLDER, runPython } from "../support/harness-output.ts";

const python = harnessPython();

test.skipIf(python === null)("the Python package passes its own tests", async () => {
  const words = ["-m", "unittest", "discover", "--start-directory", join(BRIDGE_FOLDER, "tests")];
  expect(await runPython(python!, words)).toMatch(/Ran [1-9]\d* tests[^]*\nOK\n$/);
});
