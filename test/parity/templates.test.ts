// Templates rendered by Jinja in the harness's own environment and by ours: the same text, an error where Python has one,
// or a refusal that names what is not done exactly.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileTemplate, type Template } from "../../evaluation/harness/jinja/template.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { PythonError } from "../../evaluation/harness/python/python-error.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import { harnessPython } from "../support/harness-python.ts";
import { randomTemplates } from "../support/random-templates.ts";

/** A document as JSON text, the text that Python renders, and the error that it raises instead. */
type Rendered = readonly [document: string, text: string | null, error: string | null];

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 11);
const count = Number(process.env["MUSTER_TEST_TEMPLATES"] ?? 600);

function runPython(program: string, words: readonly string[], input = ""): string {
  return execFileSync(python!, [join(import.meta.dirname, program), ...words], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["pipe", "pipe", "inherit"],
  });
}

/** Counts agreements and refusals, and lists what differs. */
class Comparison {
  readonly differences: string[] = [];
  readonly refusals = new Map<string, string>();
  rendered = 0;
  failed = 0;

  compare(template: string, renders: readonly Rendered[]): void {
    let compiled: Template | undefined;
    for (const [document, text, error] of renders) {
      try {
        compiled ??= compileTemplate(template);
        const ours = compiled.render(parsePythonJson(document) as PythonDict);
        if (ours === text) this.rendered += 1;
        else this.#differs({ template, document, python: text ?? error, ours });
      } catch (thrown) {
        if (!(thrown instanceof PythonError)) throw thrown;
        if (thrown.type === "Unsupported") this.refusals.set(template, thrown.message);
        else if (error !== null) this.failed += 1;
        else this.#differs({ template, document, python: text, ours: `${thrown.type}: ${thrown.message}` });
      }
    }
  }

  #differs(what: Record<string, string | null>): void {
    if (this.differences.length < 10) this.differences.push(JSON.stringify(what, null, 1));
  }
}

describe.skipIf(python === null)(`templates and Jinja (MUSTER_TEST_SEED=${seed})`, () => {
  test(`${count} random templates give what Jinja gives, or are refused`, () => {
    const cases = randomTemplates(seed, count);
    const input = JSON.stringify(cases.map(({ template, document }) => [template, document]));
    const answers = JSON.parse(runPython("render_templates.py", [], input)) as [string | null, string | null][];
    const comparison = new Comparison();
    cases.forEach(({ template, document }, at) => comparison.compare(template, [[document, ...answers[at]!]]));
    expect(comparison.differences).toEqual([]);
    expect(comparison.rendered).toBeGreaterThan(count / 3);
    expect(comparison.refusals.size).toBeLessThan(count / 4);
  }, 240_000);

  test("every template of the installed harness's tasks gives what Jinja gives on documents made for it", () => {
    const comparison = new Comparison();
    let templates = 0;
    for (const line of runPython("installed_templates.py", [String(seed), "8"]).split("\n")) {
      if (line === "") continue;
      const { template, renders } = JSON.parse(line) as { template: string; renders: Rendered[] };
      comparison.compare(template, renders);
      templates += 1;
    }
    console.info(`${templates} templates, ${comparison.rendered} texts and ${comparison.failed} errors as in Python`);
    expect(comparison.differences).toEqual([]);
    expect(templates).toBeGreaterThan(2000);
    expect(comparison.rendered).toBeGreaterThan(5 * templates);
    // Each refusal is known, with its reason.
    expect(Object.fromEntries(comparison.refusals)).toEqual({});
  }, 240_000);
});
