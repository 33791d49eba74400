// One document to its requests, with what scoring will need of it (`construct_requests` in `api/task.py`).
import type { EvaluationRequest, GenerationSettings } from "../../request.ts";
import { formatPythonJson } from "../python/json-format.ts";
import { PythonError } from "../python/python-error.ts";
import { repr, str } from "../python/represent.ts";
import { isList, type PythonDict, type PythonValue } from "../python/value.ts";
import { DocFields } from "./doc-fields.ts";
import type { FewshotSampler } from "./fewshot-sampler.ts";
import type { ChatFormat } from "./chat-messages.ts";
import { buildContexts, choiceAt, endsWithSpace, isIndex, type PromptParts } from "./prompt.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** A request before its position in the plan is known. */
export type RenderedRequest = Omit<EvaluationRequest, "index">;

/** A document's requests in the harness's order, each repeat beside its first, and what its score depends on. */
export interface RenderedDocument {
  readonly doc: string;
  readonly requests: readonly RenderedRequest[];
  readonly target: string;
  readonly choices?: readonly string[];
  readonly gold?: number | readonly number[];
}

/** What the harness concludes from the first document about all of them. */
export interface TaskShape {
  readonly fields: DocFields;
  /** Choices are contexts, and the document's text is the number of the right one. */
  readonly isMultipleInput: boolean;
  /** The target is a list of which each member is right. */
  readonly hasMultipleTargets: boolean;
}

/** Looks at the first document as the harness does; throws PythonError where it would stop. */
export function inspectFirstDocument(task: TaskDefinition, doc: PythonDict): TaskShape {
  const fields = new DocFields(doc.keys(), task.docToChoice !== null);
  const text = fields.text(doc, task.docToText);
  const target = fields.target(doc, task.docToTarget);
  if (task.docToChoice !== null) {
    const choices = textsOf(fields.choices(doc, task.docToChoice));
    if (choices.includes("")) throw new PythonError("IndexError", "a choice of the first document is empty");
    if (isIndex(target)) choiceAt(choices, target);
  }
  return {
    fields,
    isMultipleInput: task.docToChoice !== null && isIndex(text),
    hasMultipleTargets: isList(target) && target.length > 0,
  };
}

/** Renders the documents of one task. They must come in order: worked examples are drawn from one random stream. */
export class DocumentRenderer {
  readonly #task: TaskDefinition;
  readonly #shape: TaskShape;
  readonly #parts: PromptParts;
  readonly #generation: GenerationSettings | null;

  constructor(
    task: TaskDefinition,
    shape: TaskShape,
    sampler: FewshotSampler,
    model: { readonly generation: GenerationSettings | null; readonly chat: ChatFormat },
  ) {
    this.#task = task;
    this.#shape = shape;
    this.#generation = model.generation;
    this.#parts = { task, fields: shape.fields, sampler, isMultipleInput: shape.isMultipleInput, chat: model.chat };
  }

  /** Throws PythonError where the harness would stop. */
  render(doc: PythonDict): RenderedDocument {
    const { docToChoice, docToTarget } = this.#task;
    const contexts = buildContexts(this.#parts, doc);
    const target = this.#shape.fields.target(doc, docToTarget);
    const choices = docToChoice === null ? null : textsOf(this.#shape.fields.choices(doc, docToChoice));
    return {
      doc: formatPythonJson(doc, { ensureAscii: false }),
      requests: this.#repeat(this.#requests(contexts, target, choices)),
      target: formatPythonJson(target, { ensureAscii: false }),
      ...(choices === null ? {} : { choices, ...this.#gold(doc, target, choices) }),
    };
  }

  #requests(
    contexts: string | readonly string[],
    target: PythonValue,
    choices: readonly string[] | null,
  ): RenderedRequest[] {
    switch (this.#task.outputKind) {
      case "multiple_choice":
        return this.#choiceRequests(contexts, target, choices);
      case "loglikelihood":
        return [{ kind: "loglikelihood", context: single(contexts), continuation: textTarget(target) }];
      case "loglikelihood_rolling":
        return [{ kind: "loglikelihood_rolling", context: textTarget(target), continuation: "" }];
      case "generate_until":
        if (this.#generation === null) throw new PythonError("TypeError", "generation_kwargs are missing");
        return [{ kind: "generate_until", context: single(contexts), continuation: "", generation: this.#generation }];
    }
  }

  #choiceRequests(
    contexts: string | readonly string[],
    target: PythonValue,
    choices: readonly string[] | null,
  ): RenderedRequest[] {
    if (choices === null) throw new PythonError("TypeError", "a multiple_choice task needs doc_to_choice");
    const targetDelimiter = this.#answerDelimiter();
    const pairs: (readonly [string, string])[] =
      typeof contexts === "string"
        ? choices.map((choice) => [contexts, targetDelimiter + choice])
        : contexts.map((context) => [context, targetDelimiter + str(target)]);
    if (this.#task.needsUnconditional) for (const choice of choices) pairs.push(["", targetDelimiter + choice]);
    return pairs.map(([context, continuation]) => ({ kind: "loglikelihood", context, continuation }));
  }

  /** A chat model's turn begins with the choice, unless the task has begun it without a space at its end. */
  #answerDelimiter(): string {
    const { targetDelimiter, genPrefix } = this.#task;
    if (this.#parts.chat.render === null) return targetDelimiter;
    return genPrefix !== null && genPrefix !== "" && !endsWithSpace(genPrefix) ? targetDelimiter : "";
  }

  #repeat(requests: RenderedRequest[]): readonly RenderedRequest[] {
    const { repeats } = this.#task;
    if (repeats === 1) return requests;
    return requests.flatMap((request) => Array.from({ length: repeats }, () => request));
  }

  /** The right choice, or choices, as scoring compares them; nothing where the target is no choice. */
  #gold(doc: PythonDict, target: PythonValue, choices: readonly string[]): { gold?: number | readonly number[] } {
    // What a task's own function makes of an answer, it makes of the document.
    if ((this.#task.config.get("process_results") ?? null) !== null) return {};
    if (this.#task.outputKind === "generate_until") {
      choiceAt(choices, target);
      return { gold: Number(target) };
    }
    if (this.#task.outputKind !== "multiple_choice") return {};
    const right = this.#shape.isMultipleInput ? this.#shape.fields.text(doc, this.#task.docToText) : target;
    if (isList(right) !== this.#shape.hasMultipleTargets) {
      throw new PythonError("TypeError", "some documents have one right choice and others a list");
    }
    if (!isList(right)) return { gold: this.#singleGold(right, choices) };
    if (this.#task.needsUnconditional && right.length !== 1) {
      throw new PythonError("ValueError", "acc_mutual_info cannot be compared with several right choices");
    }
    return { gold: right.map((each) => indexOf(each, choices)) };
  }

  #singleGold(right: PythonValue, choices: readonly string[]): number {
    if (typeof right !== "string") return indexOf(right, choices);
    const index = choices.indexOf(right);
    return index < 0 ? OUT_OF_RANGE : index;
  }
}

/** What the harness puts in place of a right answer that is not among the choices. */
const OUT_OF_RANGE = -100;

function indexOf(value: PythonValue, choices: readonly string[]): number {
  if (!isIndex(value)) throw new PythonError("TypeError", `the right choice ${repr(value)} is no position`);
  return Number(value) < choices.length ? Number(value) : OUT_OF_RANGE;
}

function textsOf(choices: readonly PythonValue[]): readonly string[] {
  const odd = choices.find((choice) => typeof choice !== "string");
  if (odd !== undefined) throw new PythonError("TypeError", `the choice ${repr(odd)} is not a text`);
  if (choices.length === 0) throw new PythonError("ValueError", "there are no choices");
  return choices as readonly string[];
}

function textTarget(target: PythonValue): string {
  if (typeof target === "string") return target;
  throw new PythonError("TypeError", `doc_to_target gives ${repr(target).slice(0, 80)}, not a text`);
}

function single(contexts: string | readonly string[]): string {
  if (typeof contexts === "string") return contexts;
  throw new PythonError("TypeError", "choices that are contexts need output_type multiple_choice");
}
