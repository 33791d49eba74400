import type { EvaluationRequest } from "../../evaluation/request.ts";
import { type ShownDocument, showDocument } from "../../frontend/inspection/show-document.ts";
import type { Command } from "../commands.ts";
import { withChatTemplate } from "../fetch-chat-template.ts";
import { listenForInterruption } from "../interruption.ts";
import { planProgressText } from "../plan-progress.ts";
import { plural } from "../quantities.ts";
import { readRunWish } from "../run-wish.ts";
import { StatusLine } from "../status-line.ts";
import { printable } from "../terminal.ts";

const tasksShow: Command = async ({ options, words }) => {
  const interruption = listenForInterruption();
  const status = new StatusLine();
  try {
    const here = await withChatTemplate(options, interruption.signal);
    const { request } = readRunWish({ ...here, tasks: words });
    const shown = await showDocument(request, options.doc, {
      signal: interruption.signal,
      onProgress: (progress) => status.show(planProgressText(progress)),
      onNote: (note) => status.note(note),
    });
    status.clear();
    process.stdout.write(options.json ? `${JSON.stringify(documentJson(shown))}\n` : documentText(shown));
    return 0;
  } finally {
    status.clear();
    interruption.close();
  }
};
export default tasksShow;

function documentJson({ task, sample, requests, documents }: ShownDocument): object {
  const { docId, doc, target, choices, gold } = sample;
  return {
    task: task.name,
    outputKind: task.outputKind,
    numFewshot: task.numFewshot,
    docId,
    documents,
    doc: jsonOrText(doc),
    target: jsonOrText(target),
    choices: choices ?? null,
    gold: gold ?? null,
    requests: requests.map(({ kind, context, continuation, generation }) => ({
      kind,
      context,
      ...(kind === "loglikelihood" ? { continuation } : {}),
      ...(generation === undefined ? {} : { generation }),
    })),
  };
}

/** A value; Python's JSON may hold NaN, which no other has. */
function jsonOrText(text: string): unknown {
  return /NaN|Infinity/.test(text) ? text : (JSON.parse(text) as unknown);
}

function documentText({ task, sample, requests, documents }: ShownDocument): string {
  const facts = [
    task.name,
    `document ${sample.docId} of ${documents}`,
    plural(task.numFewshot, "example"),
    `${task.outputKind}, ${plural(requests.length, "request")}`,
  ];
  const contexts = Map.groupBy(requests, ({ context }) => context);
  const lines = [`${facts.join(" · ")}\n`];
  for (const [context, asked] of contexts) {
    const number = contexts.size === 1 ? "" : ` ${lines.length} of ${contexts.size}`;
    lines.push(section(`prompt${number}`, `${context}${describeAnswers(asked)}`));
  }
  const { choices, gold } = sample;
  if (choices !== undefined) lines.push(section("choices", listChoices(choices, gold)));
  lines.push(section("target", sample.target));
  return process.stdout.isTTY ? safe(lines.join("\n")) : lines.join("\n");
}

/** What is asked about one prompt. */
function describeAnswers(asked: readonly EvaluationRequest[]): string {
  const [{ kind, generation }] = asked as [EvaluationRequest];
  if (kind === "loglikelihood_rolling") return `\n\n─── its own likelihood is asked`;
  if (kind === "loglikelihood") {
    return `\n\n─── how likely it goes on with\n${asked.map(({ continuation }) => JSON.stringify(continuation)).join("\n")}`;
  }
  const { until, maxTokens, temperature } = generation!;
  const limit = maxTokens === null ? "" : `, at most ${plural(maxTokens, "token")}`;
  const copies = asked.length === 1 ? "" : `, ${asked.length} times`;
  return `\n\n─── to be continued until ${JSON.stringify(until)}${limit}, temperature ${temperature}${copies}`;
}

function listChoices(choices: readonly string[], gold: number | readonly number[] | undefined): string {
  const right = new Set([gold].flat());
  return choices.map((choice, index) => `${right.has(index) ? "→" : " "} ${index}  ${choice}`).join("\n");
}

function section(title: string, text: string): string {
  return `─── ${title}\n${text}\n`;
}

/** What a terminal could take for a command is left out of what it shows; a file gets every character. */
function safe(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
