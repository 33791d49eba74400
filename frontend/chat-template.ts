// The chat template of a model: Jinja as Hugging Face tokenizers use it, which is more than the harness's tasks use.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Template } from "@huggingface/jinja";
import { MusterError } from "../base/muster-error.ts";
import { formatPythonJson } from "../evaluation/harness/python/json-format.ts";
import type { ChatTurn } from "../evaluation/harness/task/chat-messages.ts";

/** How a model's turns become its prompt. `messages`: as JSON, for a server that has the template itself. */
export type ChatTemplate =
  | { readonly kind: "messages" }
  | {
      readonly kind: "jinja";
      readonly text: string;
      /** Texts of special tokens that templates name, such as `bos_token`. */
      readonly tokens: { readonly [name: string]: string };
    };

/** Marks the end of a begun answer; the space tells whether the template trims it. */
const END_MARK = "<|muster: the answer goes on here|> ";
const TOKENS = ["bos_token", "eos_token", "unk_token", "pad_token"];

/**
 * Reads a template: a file of Jinja, a `tokenizer_config.json`, or a folder that holds them. Throws `notFound` and
 * `badData` with the way out.
 */
export function readChatTemplate(path: string): ChatTemplate {
  if (!existsSync(path)) {
    throw new MusterError("notFound", `there is no chat template at ${path}`, {
      wayOut: "Name a Jinja file, a tokenizer_config.json or a model's folder; `messages` leaves it to the server.",
    });
  }
  const folder = statSync(path).isDirectory() ? path : dirname(path);
  const isConfig = path.endsWith(".json");
  const configFile = isConfig ? path : join(folder, "tokenizer_config.json");
  const config = existsSync(configFile) ? readConfig(configFile) : {};
  const jinjaFile = folder === path ? join(path, "chat_template.jinja") : path;
  const text = !isConfig && existsSync(jinjaFile) ? readFileSync(jinjaFile, "utf8") : templateOf(config);
  if (text === null) {
    throw new MusterError("badData", `${path} holds no chat template`, {
      wayOut: "A base model has none; leave --apply-chat-template out.",
    });
  }
  const tokens = TOKENS.flatMap((name) => {
    const value = tokenText(config[name]);
    return value === null ? [] : [[name, value] as const];
  });
  return { kind: "jinja", text, tokens: Object.fromEntries(tokens) };
}

function readConfig(file: string): { readonly [key: string]: unknown } {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { readonly [key: string]: unknown };
  } catch (error) {
    throw new MusterError("badData", `${file} is not JSON: ${MusterError.from(error).message}`, { cause: error });
  }
}

/** The template of that name, or the only one. */
function templateOf(config: { readonly [key: string]: unknown }): string | null {
  const value = config["chat_template"];
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return null;
  const named = (value as { name?: unknown; template?: unknown }[]).find(({ name }) => name === "default");
  return typeof named?.template === "string" ? named.template : null;
}

function tokenText(value: unknown): string | null {
  if (typeof value === "string") return value;
  const { content } = (value ?? {}) as { content?: unknown };
  return typeof content === "string" ? content : null;
}

/** Writes turns as a model's prompt. Throws `badData` where the template refuses them. */
export function compileChatTemplate(
  template: ChatTemplate,
): (turns: readonly ChatTurn[], opensAnswer: boolean) => string {
  if (template.kind === "messages") return (turns) => pythonJson(turns);
  const compiled = compile(template.text);
  return (turns, opensAnswer) => {
    try {
      return render(compiled, template.tokens, { turns, opensAnswer });
    } catch (error) {
      // Some templates know no system turn: the harness then leaves it out.
      const [first, ...rest] = turns;
      if (first?.role !== "system") throw refused(error);
      try {
        return render(compiled, template.tokens, { turns: rest, opensAnswer });
      } catch (again) {
        throw refused(again);
      }
    }
  };
}

function compile(text: string): Template {
  try {
    return new Template(text);
  } catch (error) {
    throw new MusterError("badData", `the chat template cannot be read: ${MusterError.from(error).message}`, {
      cause: error,
    });
  }
}

function refused(error: unknown): MusterError {
  return new MusterError("badData", `the chat template refuses the prompt: ${MusterError.from(error).message}`, {
    cause: error,
  });
}

function render(
  template: Template,
  tokens: { readonly [name: string]: string },
  prompt: { readonly turns: readonly ChatTurn[]; readonly opensAnswer: boolean },
): string {
  const { turns, opensAnswer } = prompt;
  const last = turns.length - 1;
  const text = template.render({
    ...tokens,
    messages: turns.map(({ role, content }, index) => ({
      role,
      content: opensAnswer || index < last ? content : content + END_MARK,
    })),
    add_generation_prompt: opensAnswer,
    tools: null,
    documents: null,
  });
  return opensAnswer ? text : untilMark(text);
}

/** A begun answer goes on: what the template puts after it is cut off, and white space that the template trims. */
function untilMark(text: string): string {
  const at = text.lastIndexOf(END_MARK.trimEnd());
  if (at < 0) throw new Error("it does not print the begun answer, so that it could not go on");
  return text.startsWith(END_MARK, at) ? text.slice(0, at) : text.slice(0, at).trimEnd();
}

/** `json.dumps(turns, ensure_ascii=False)`, as the harness sends turns to chat servers. */
function pythonJson(turns: readonly ChatTurn[]): string {
  const dicts = turns.map(
    ({ role, content }) =>
      new Map([
        ["role", role],
        ["content", content],
      ]),
  );
  return formatPythonJson(dicts, { ensureAscii: false });
}
