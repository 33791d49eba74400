// `doc_to_text`, `doc_to_target`, `doc_to_choice` and their like (`api/task.py`): a column's name gives the column's
// value, anything else is a Jinja template whose text may stand for a number or a list.
import { compileTemplate, type Template } from "../jinja/template.ts";
import { literalEval } from "../python/literal.ts";
import { PythonError } from "../python/python-error.ts";
import { isDigitText } from "../python/unicode.ts";
import { isList, type PythonDict, type PythonValue, typeName } from "../python/value.ts";
import { PythonHelper } from "./python-function.ts";
import type { PromptFields } from "./task-definition.ts";

/** Reads the fields of one task's documents. Compiles each template once. */
export class DocFields {
  /** The columns of the evaluated split: names that are not templates. */
  readonly #columns: ReadonlySet<PythonValue>;
  readonly #hasChoices: boolean;
  readonly #templates = new Map<string, Template>();

  constructor(columns: Iterable<PythonValue>, hasChoices: boolean) {
    this.#columns = new Set(columns);
    this.#hasChoices = hasChoices;
  }

  /** The template's text for a document. A PythonError names the template. */
  render(template: string, doc: PythonDict): string {
    return naming(template, () => {
      let compiled = this.#templates.get(template);
      if (compiled === undefined) {
        compiled = compileTemplate(template);
        this.#templates.set(template, compiled);
      }
      return compiled.render(doc);
    });
  }

  text(doc: PythonDict, field: PromptFields["docToText"]): PythonValue {
    if (typeof field === "number") return field;
    if (field instanceof PythonHelper) return field.call(doc);
    if (this.#columns.has(field)) return column(doc, field);
    const text = this.render(field, doc);
    return this.#isIndex(text) ? literalEval(text) : text;
  }

  target(doc: PythonDict, field: PromptFields["docToTarget"]): PythonValue {
    if (field instanceof PythonHelper) return field.call(doc);
    if (typeof field !== "string") return field;
    if (this.#columns.has(field)) return column(doc, field);
    const text = this.render(field, doc);
    if (this.#isIndex(text)) return literalEval(text);
    return text.length >= 2 && text.startsWith("[") && text.endsWith("]") ? listOrText(text) : text;
  }

  choices(doc: PythonDict, field: NonNullable<PromptFields["docToChoice"]>): readonly PythonValue[] {
    if (typeof field !== "string" && !(field instanceof PythonHelper)) return field;
    const choices =
      field instanceof PythonHelper
        ? field.call(doc)
        : this.#columns.has(field)
          ? column(doc, field)
          : readLiteral(field, this.render(field, doc));
    if (isList(choices)) return choices;
    throw new PythonError("TypeError", `doc_to_choice gives a ${typeName(choices)}, not a list`);
  }

  /** `gen_prefix` of the document itself. */
  prefix(doc: PythonDict, field: string | null): string | null {
    if (field === null) return null;
    return asText(this.#columns.has(field) ? column(doc, field) : this.render(field, doc), "gen_prefix");
  }

  /** The harness's `resolve_field`: a key of this very document, or a template; null for an empty field. */
  resolve(doc: PythonDict, field: string | null, setting: string): string | null {
    if (field === null || field === "") return null;
    const value = doc.get(field);
    return value === undefined ? this.render(field, doc) : value === null ? null : asText(value, setting);
  }

  #isIndex(text: string): boolean {
    return this.#hasChoices && isDigitText(text);
  }
}

const SHOWN_TEMPLATE_LENGTH = 160;

function naming<Result>(template: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const shown = template.length > SHOWN_TEMPLATE_LENGTH ? `${template.slice(0, SHOWN_TEMPLATE_LENGTH)}…` : template;
    throw new PythonError(error.type, `${error.message} (template ${JSON.stringify(shown)})`, error.values);
  }
}

function readLiteral(template: string, text: string): PythonValue {
  return naming(template, () => literalEval(text));
}

function column(doc: PythonDict, name: string): PythonValue {
  const value = doc.get(name);
  if (value === undefined) throw new PythonError("KeyError", `there is no column ${name}`);
  return value;
}

function asText(value: PythonValue, setting: string): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `${setting} gives a ${typeName(value)}, not a text`);
}

function listOrText(text: string): PythonValue {
  try {
    return literalEval(text);
  } catch (error) {
    if (error instanceof PythonError && (error.type === "SyntaxError" || error.type === "ValueError")) return text;
    throw error;
  }
}
