// A document's prompt (`fewshot_context` and `build_qa_turn` in `api/task.py`): description, worked examples, question.
import { PythonError } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { isSpaceUnit } from "../python/unicode.ts";
import { isInt, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import type { DocFields } from "./doc-fields.ts";
import type { FewshotSampler } from "./fewshot-sampler.ts";
import { PythonHelper } from "./python-function.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** What prompts of a task are made of. */
export interface PromptParts {
  readonly task: TaskDefinition;
  readonly fields: DocFields;
  readonly sampler: FewshotSampler;
  /** Whether the first document's text is a number: then the choices are contexts and the target continues each. */
  readonly isMultipleInput: boolean;
}

/** The context of a document's requests, or of each choice where choices are contexts. */
export function buildContexts(parts: PromptParts, doc: PythonDict): string | readonly string[] {
  const { task, fields } = parts;
  let prompt = fields.resolve(doc, task.description, "description") ?? "";
  if (task.numFewshot > 0) {
    const evaluated = task.fewshot.split === task.splits.test ? doc : null;
    for (const example of parts.sampler.sample(task.numFewshot, evaluated)) prompt += buildExample(parts, example);
  }
  const prefix = fields.prefix(doc, task.genPrefix);
  const question = fields.text(doc, task.docToText);
  if (parts.isMultipleInput) {
    if (task.docToChoice === null) throw new PythonError("TypeError", "choices that are contexts need doc_to_choice");
    return fields
      .choices(doc, task.docToChoice)
      .map((choice) => prompt + buildQuestion(textOf(choice, "a choice"), prefix, ""));
  }
  return prompt + buildQuestion(textOf(question, "doc_to_text"), prefix, task.targetDelimiter);
}

function buildExample({ task, fields, isMultipleInput }: PromptParts, example: PythonDict): string {
  const { fewshot } = task;
  let choices = isNonEmpty(fewshot.docToChoice) ? fields.choices(example, fewshot.docToChoice) : null;
  let question = fields.text(example, fewshot.docToText);
  const target = fields.target(example, fewshot.docToTarget);
  const prefix = fields.resolve(example, fewshot.genPrefix, "gen_prefix");
  if (isMultipleInput) {
    question = choiceAt(choices ?? [], question);
    choices = null;
  }
  const text = textOf(question, "doc_to_text");
  if (target === null || target === "") return buildQuestion(text, prefix, fewshot.targetDelimiter);
  const delimiter = needsDelimiter(text, prefix) ? fewshot.targetDelimiter : "";
  const answer = joinWords(prefix, textOf(answerOf(target, choices), "doc_to_target"));
  return text + delimiter + answer + fewshot.fewshotDelimiter;
}

/** A question without an answer, with the start of one where there is a prefix. */
function buildQuestion(question: string, prefix: string | null, targetDelimiter: string): string {
  if (prefix === null || prefix === "") return question;
  return question + (needsDelimiter(question, prefix) ? targetDelimiter : "") + prefix;
}

/** Whether a delimiter stands between a question and what follows: always without a prefix, else where no space is. */
function needsDelimiter(question: string, prefix: string | null): boolean {
  if (prefix === null || prefix === "") return true;
  return question !== "" && !endsWithSpace(question) && !startsWithSpace(prefix);
}

/** The harness's `maybe_delimit` with a space. */
function joinWords(prefix: string | null, suffix: string): string {
  if (prefix === null || prefix === "") return suffix;
  if (suffix === "") return prefix;
  return endsWithSpace(prefix) || startsWithSpace(suffix) ? prefix + suffix : `${prefix} ${suffix}`;
}

function answerOf(target: PythonValue, choices: readonly PythonValue[] | null): PythonValue {
  if (choices !== null && choices.length > 0 && isIndex(target)) return choiceAt(choices, target);
  if (!isList(target)) return target;
  const [first] = target;
  if (first === undefined) throw new PythonError("IndexError", "the list of targets is empty");
  return first;
}

/** Python's `choices[index]`, from the end for negative numbers. */
export function choiceAt(choices: readonly PythonValue[], index: PythonValue): PythonValue {
  if (!isIndex(index)) throw new PythonError("TypeError", `${repr(index)} is no position in the choices`);
  const choice = choices.at(Number(index));
  if (choice === undefined) {
    throw new PythonError("IndexError", `${String(index)} is no position in ${choices.length} choices`);
  }
  return choice;
}

/** Whether Python's `isinstance(value, int)`. */
export function isIndex(value: PythonValue): value is number | bigint | boolean {
  return typeof value === "boolean" || isInt(value);
}

function isNonEmpty(field: TaskDefinition["docToChoice"]): field is NonNullable<TaskDefinition["docToChoice"]> {
  return field !== null && (field instanceof PythonHelper || field.length > 0);
}

function textOf(value: PythonValue, part: string): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `${part} gives ${repr(value).slice(0, 80)}, not a text`);
}

// White space lies within the basic plane, so looking at one UTF-16 unit is enough.
function startsWithSpace(text: string): boolean {
  return isSpaceUnit(text.charCodeAt(0));
}

function endsWithSpace(text: string): boolean {
  return isSpaceUnit(text.charCodeAt(text.length - 1));
}
