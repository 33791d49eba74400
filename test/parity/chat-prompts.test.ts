// Prompts for chat models: the harness's, rendered by the library that the harness uses, and ours.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChatTemplate, readChatTemplate } from "../../frontend/chat-template.ts";
import { streamPlan } from "../../frontend/stream-plan.ts";
import { harnessPython } from "../support/harness-python.ts";

const TEMPLATES: { readonly [name: string]: string } = {
  "chat markup": `{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
  "headers, trimmed": `{{- bos_token }}\n{%- set first = messages[0] %}\n{%- if first.role == 'system' %}\n{%- set system = first.content | trim %}\n{%- set messages = messages[1:] %}\n{%- else %}\n{%- set system = '' %}\n{%- endif %}\n{{- '<|start|>system<|end|>\n\n' + system + '<|eot|>' }}\n{%- for message in messages %}\n{{- '<|start|>' + message['role'] + '<|end|>\n\n' + message['content'] | trim + '<|eot|>' }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n{{- '<|start|>assistant<|end|>\n\n' }}\n{%- endif %}`,
  "no system": `{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}`,
  "turns with roles renamed": `{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{{ raise_exception('no system turn') }}{%- endif -%}{%- for message in messages -%}{%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}{{ '<turn>' + role + '\n' + (message['content'] | trim) + '<end>\n' }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<turn>model\n' }}{%- endif -%}`,
  "loops with a namespace": `{%- set ns = namespace(system='', seen=false) -%}{%- for message in messages -%}{%- if message.role == 'system' -%}{%- set ns.system = ns.system ~ message.content -%}{%- endif -%}{%- endfor -%}{{ bos_token ~ ns.system }}{%- for message in messages -%}{%- if message.role == 'user' -%}{{ '<|user|>' ~ message.content }}{%- elif message.role == 'assistant' and message.content is not none -%}{%- set content = message.content -%}{%- if '</think>' in content -%}{%- set content = content.split('</think>')[-1] -%}{%- endif -%}{{ '<|assistant|>' ~ content ~ eos_token }}{%- endif -%}{%- endfor -%}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}`,
  "tools and a default": `{%- if not tools is defined or tools is none %}\n    {%- set tools = [] %}\n{%- endif %}\n{%- if not date_string is defined %}\n    {%- set date_string = '26 Jul 2024' %}\n{%- endif %}\n{{- bos_token -}}\n{{- '[date]' ~ date_string ~ '\n' -}}\n{%- if tools | length > 0 %}{{- '[tools]' ~ (tools | tojson) -}}{%- endif %}\n{%- for message in messages %}\n    {%- if message.content is string %}\n        {{- '[' ~ message.role | upper ~ ']' ~ message.content -}}\n    {%- else %}\n        {%- for part in message.content %}{{- part.text -}}{%- endfor %}\n    {%- endif %}\n    {%- if not loop.last %}{{- '\n' -}}{%- endif %}\n{%- endfor %}\n{%- if add_generation_prompt %}{{- '\n[ASSISTANT]' -}}{%- endif %}`,
  "macros and slices": `{%- macro part(message) -%}{{ '<' ~ message['role'] ~ '>' ~ message['content'] ~ '</' ~ message['role'] ~ '>' }}{%- endmacro -%}{%- for message in messages[:-1] -%}{{ part(message) }}{%- endfor -%}{%- set last = messages[-1] -%}{{ part(last) if last['role'] == 'user' else '<assistant>' + last['content'] }}{%- if add_generation_prompt -%}{{ '<assistant>' }}{%- endif -%}`,
  "strict alternation": `{%- set ns = namespace(index=0) -%}{{- bos_token -}}{%- if messages[0].role == 'system' -%}{%- set system = messages[0].content -%}{%- set rest = messages[1:] -%}{%- else -%}{%- set system = none -%}{%- set rest = messages -%}{%- endif -%}{%- for m in rest -%}{%- if (m.role == 'user') != (ns.index % 2 == 0) -%}{{- raise_exception('After the optional system message, roles must alternate') -}}{%- endif -%}{%- set ns.index = ns.index + 1 -%}{%- if m.role == 'user' -%}{%- if loop.last and system is not none -%}{{- '[INST]' + system + '\n\n' + m.content + '[/INST]' -}}{%- else -%}{{- '[INST]' + m.content + '[/INST]' -}}{%- endif -%}{%- else -%}{{- m.content + eos_token -}}{%- endif -%}{%- endfor -%}`,
};
const TOKENS = { bos_token: "<s>", eos_token: "</s>" };

const TASKS: { readonly [name: string]: object } = {
  chat_generation: {
    output_type: "generate_until",
    doc_to_text: "Q: {{q}}\nA:",
    doc_to_target: "a",
    num_fewshot: 2,
    fewshot_split: "train",
    description: "Answer in one word.",
    generation_kwargs: { until: ["\n"] },
  },
  chat_prefix: {
    output_type: "generate_until",
    doc_to_text: "q",
    doc_to_target: "a",
    gen_prefix: "The answer is ",
    num_fewshot: 1,
    fewshot_split: "train",
    generation_kwargs: { until: ["\n"] },
  },
  chat_choice: {
    output_type: "multiple_choice",
    doc_to_text: "q",
    doc_to_choice: ["yes", "no", " maybe"],
    doc_to_target: 0,
    gen_prefix: "So:",
    num_fewshot: 1,
    fewshot_split: "train",
    fewshot_delimiter: "\n###\n",
  },
  chat_bare: { output_type: "multiple_choice", doc_to_text: "q", doc_to_choice: ["yes", "no"], doc_to_target: 1 },
};

interface Setting {
  readonly template: string | null;
  readonly tokens: object;
  readonly system: string | null;
  readonly multiturn: boolean;
}

const python = harnessPython();

describe.skipIf(python === null)("prompts for chat models", () => {
  let folder: string;
  let map: string;
  // The harness takes seconds for each, so not each with each.
  const settings: Setting[] = [
    { template: null, system: "Be brief. ", multiturn: false },
    { template: "messages", system: null, multiturn: true },
    { template: TEMPLATES["chat markup"]!, system: null, multiturn: false },
    { template: TEMPLATES["headers, trimmed"]!, system: "Be brief. ", multiturn: true },
    { template: TEMPLATES["no system"]!, system: "Be brief. ", multiturn: true },
    { template: TEMPLATES["turns with roles renamed"]!, system: "Be brief. ", multiturn: true },
    { template: TEMPLATES["loops with a namespace"]!, system: "Be brief. ", multiturn: true },
    { template: TEMPLATES["tools and a default"]!, system: null, multiturn: false },
    { template: TEMPLATES["macros and slices"]!, system: "Be brief. ", multiturn: true },
    { template: TEMPLATES["strict alternation"]!, system: "Be brief. ", multiturn: true },
  ].map((setting) => ({ ...setting, tokens: TOKENS }));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-chat-"));
    const texts = ["why?", " spaced ", "two\nlines", "日本 {{x}}", "<|im_end|>", "naïve café 😀"];
    const rows = texts.map((q, index) => `${JSON.stringify({ q, a: ["one", " two", "three "][index % 3] })}\n`);
    writeFileSync(join(folder, "rows.jsonl"), rows.join(""));
    map = join(folder, "map.json");
    writeFileSync(map, JSON.stringify({ rows: { test: "rows.jsonl", train: "rows.jsonl" } }));
    for (const [task, config] of Object.entries(TASKS)) {
      const whole = { task, dataset_path: "rows", test_split: "test", training_split: "train", ...config };
      writeFileSync(join(folder, `${task}.yaml`), JSON.stringify(whole));
    }
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  async function ours({ template, tokens, system, multiturn }: Setting): Promise<Record<string, string[][]>> {
    const chat: ChatTemplate | null =
      template === null
        ? null
        : template === "messages"
          ? { kind: "messages" }
          : { kind: "jinja", text: template, tokens: tokens as Record<string, string> };
    const request = {
      tasks: Object.keys(TASKS),
      includePaths: [folder],
      datasetMap: map,
      limit: null,
      numFewshot: null,
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      generationOverrides: null,
      bootstrapIterations: 0,
      cacheFolder: join(folder, "cache"),
      chat: { systemInstruction: system, template: chat, isMultiturn: multiturn },
    };
    const requests: Record<string, string[][]> = {};
    let names: readonly string[] = [];
    const options = { signal: new AbortController().signal, onProgress: () => undefined };
    for await (const piece of streamPlan(request, options)) {
      if (piece.kind === "header") names = piece.header.tasks.map(({ name }) => name);
      if (piece.kind !== "pack") continue;
      for (const sample of piece.pack.samples) {
        const first = sample.firstRequest - piece.pack.requests[0]!.index;
        for (const { kind, context, continuation } of piece.pack.requests.slice(first, first + sample.requestCount)) {
          (requests[names[sample.task]!] ??= []).push(kind === "generate_until" ? [context] : [context, continuation]);
        }
      }
    }
    return requests;
  }

  test("templates, with and without a system instruction, as several turns and as one", async () => {
    const script = join(import.meta.dirname, "chat_prompts.py");
    const text = execFileSync(python!, [script, folder, map, Object.keys(TASKS).join(",")], {
      input: JSON.stringify(settings),
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, HF_HOME: join(folder, "hf") },
    });
    const theirs = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string[][]>);
    expect(theirs).toHaveLength(settings.length);
    for (const [index, setting] of settings.entries()) {
      const where = JSON.stringify(setting).slice(0, 100);
      expect(theirs[index], where).not.toHaveProperty("error");
      expect(await ours(setting), where).toEqual(theirs[index]);
    }
  });

  test("templates are found in files and folders, and their absence is said", () => {
    const config = { chat_template: TEMPLATES["chat markup"], bos_token: { content: "<s>" }, eos_token: "</s>" };
    writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    const expected = { kind: "jinja", text: TEMPLATES["chat markup"], tokens: TOKENS };
    expect(readChatTemplate(folder)).toEqual(expected);
    expect(readChatTemplate(join(folder, "tokenizer_config.json"))).toEqual(expected);
    writeFileSync(join(folder, "own.jinja"), "{{ messages }}");
    expect(readChatTemplate(join(folder, "own.jinja"))).toEqual({ ...expected, text: "{{ messages }}" });
    writeFileSync(join(folder, "tokenizer_config.json"), "{}");
    expect(() => readChatTemplate(folder)).toThrow(/holds no chat template/);
    expect(() => readChatTemplate(join(folder, "nowhere"))).toThrow(/no chat template at/);
  });
});
