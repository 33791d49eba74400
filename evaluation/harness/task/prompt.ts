// A document's prompt (`fewshot_context` and `build_qa_turn` in `api/task.py`): description, worked examples, question.
import { PythonError } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { isSpaceUnit } from "../python/unicode.ts";
import { isInt, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import { type ChatFormat, type Message, renderMessages } from "./chat-messages.ts";
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
  readonly chat: ChatFormat;
}

/** The context of a document's requests, or of each choice where choices are contexts. */
export function buildContexts(parts: PromptParts, doc: PythonDict): string | readonly string[] {
  const { task, fields, chat } = parts;
  const messages: Message[] = [];
  const description = fields.resolve(doc, task.description, "description") ?? "";
  const system = joinTexts(chat.systemInstruction, description, task.fewshotDelimiter);
  if (system !== "") messages.push({ role: "system", content: system, delimiter: "" });
  if (task.numFewshot > 0) {
    const evaluated = task.fewshot.split === task.splits.test ? doc : null;
    for (const example of parts.sampler.sample(task.numFewshot, evaluated))
      messages.push(...exampleTurns(parts, example));
  }
  const prefix = fields.prefix(doc, task.genPrefix);
  const question = fields.text(doc, task.docToText);
  const opensAnswer = prefix === null || prefix === "";
  if (parts.isMultipleInput) {
    if (task.docToChoice === null) throw new PythonError("TypeError", "choices that are contexts need doc_to_choice");
    return fields
      .choices(doc, task.docToChoice)
      .map((choice) => [...messages, ...questionTurns(textOf(choice, "a choice"), prefix, "")])
      .map((all) => renderMessages(all, chat, opensAnswer));
  }
  messages.push(...questionTurns(textOf(question, "doc_to_text"), prefix, task.targetDelimiter));
  return renderMessages(messages, chat, opensAnswer);
}

function exampleTurns({ task, fields, isMultipleInput }: PromptParts, example: PythonDict): readonly Message[] {
  const { fewshot } = task;
  let choices = isNonEmpty(fewshot.docToChoice) ? fields.choices(example, fewshot.docToChoice) : null;
  let question = fields.text(example, fewshot.docToText);
  const target = fields.target(example, fewshot.docToTarget);
  const prefix = fields.resolve(example, fewshot.genPrefix, "gen_prefix");
  if (isMultipleInput) {
    question = choiceAt(choices ?? [], question);
    choices = null;
  }
  const content = textOf(question, "doc_to_text");
  if (target === null || target === "") return questionTurns(content, prefix, fewshot.targetDelimiter);
  const delimiter = needsDelimiter(content, prefix) ? fewshot.targetDelimiter : "";
  const answer = joinTexts(prefix, textOf(answerOf(target, choices), "doc_to_target"), " ");
  return [
    { role: "user", content, delimiter },
    { role: "assistant", content: answer, delimiter: fewshot.fewshotDelimiter },
  ];
}

/** A question without an answer, with the start of one where there is a prefix. */
function questionTurns(content: string, prefix: string | null, targetDelimiter: string): readonly Message[] {
  if (prefix === null || prefix === "") return [{ role: "user", content, delimiter: "" }];
  return [
    { role: "user", content, delimiter: needsDelimiter(content, prefix) ? targetDelimiter : "" },
    { role: "assistant", content: prefix, delimiter: "" },
  ];
}

/** Whether a delimiter stands between a question and what follows: always without a prefix, else where no space is. */
function needsDelimiter(question: string, prefix: string | null): boolean {
  if (prefix === null || prefix === "") return true;
  return question !== "" && !endsWithSpace(question) && !startsWithSpace(prefix);
}

/** The harness's `maybe_delimit`: the delimiter stands where neither side has white space. */
function joinTexts(prefix: string | null, suffix: string, delimiter: string): string {
  if (prefix === null || prefix === "") return suffix;
  if (suffix === "") return prefix;
  return endsWithSpace(prefix) || startsWithSpace(suffix) ? prefix + suffix : prefix + delimiter + suffix;
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

/** Whether a text ends with white space, as Python has it. */
export function endsWithSpace(text: string): boolean {
  return isSpaceUnit(text.charCodeAt(text.length - 1));
}
