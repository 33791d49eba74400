import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileTemplate } from "../../evaluation/harness/jinja/template.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { PythonError } from "../../evaluation/harness/python/python-error.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import { harnessPython } from "../support/harness-python.ts";

type Row = readonly [template: string, document: PythonDict, outcome: ReadonlyMap<string, string>];

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? Date.now() % 1_000_000);

function renderHere(template: string, document: PythonDict): { text?: string; error?: string } {
  try {
    return { text: compileTemplate(template).render(document) };
  } catch (error) {
    if (error instanceof PythonError) return { error: error.type };
    throw error;
  }
}

test.skipIf(python === null)("every template of the harness's tasks gives the harness's text, or its error", () => {
  const script = join(import.meta.dirname, "render_templates.py");
  const output = execFileSync(python!, [script, String(seed)], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const rows = parsePythonJson(output) as unknown as readonly Row[];
  const different: unknown[] = [];
  for (const [template, document, outcome] of rows) {
    const here = renderHere(template, document);
    // Which error comes first is Python's affair; that there is one is not.
    const same = outcome.has("text") ? here.text === outcome.get("text") : here.error !== undefined;
    if (!same) different.push({ template, document: [...document], harness: [...outcome], here });
  }
  console.log(`${rows.length} renders compared; replay: MUSTER_TEST_SEED=${seed} npx vitest run test/parity/templates`);
  expect(rows.length).toBeGreaterThan(2_000);
  expect(different).toEqual([]);
});
