import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one call in the server's place. */
export type Answer = (call: { readonly body: Body; readonly response: ServerResponse }) => void;

type Body = Readonly<Record<string, unknown>>;

const MODEL = "small";
const LIKELIEST = -0.125;

/**
 * A real HTTP server that speaks the OpenAI interface with vLLM's additions over a language model of a few lines: after a
 * word comes what came after it last time. Tokens are words with the space before them. Any path can be made to answer
 * otherwise.
 */
export class SmallServer {
  readonly #server: Server;
  readonly #others = new Map<string, Answer>();
  readonly #words: string[] = ["<s>"];
  /** Bodies of the calls to `/v1/completions`, in order. */
  readonly completions: Body[] = [];
  /** Bodies of the calls to `/v1/chat/completions`, in order. */
  readonly chats: Body[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  /** Whether it tells the log-probabilities of any tokens where it generates one (`logprob_token_ids`). */
  tellsChoices = false;

  readonly #contextTokens: number;

  private constructor(server: Server, contextTokens: number) {
    this.#server = server;
    this.#contextTokens = contextTokens;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => this.#take(request, response));
  }

  static async start(contextTokens = 64): Promise<SmallServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new SmallServer(server, contextTokens);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets a path be answered otherwise from now on. */
  answer(path: string, answer: Answer): void {
    this.#others.set(path, answer);
  }

  /** Lets all paths be answered as usual again. */
  behave(): void {
    this.#others.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The usual answer to a completion. */
  complete(body: Body): object {
    const prompt = this.#promptOf(body);
    const [isEcho, longest] = [body["echo"] === true, Number(body["max_tokens"])];
    const generated: number[] = [];
    while (generated.length < longest) {
      generated.push(this.#likeliest([...prompt, ...generated]));
      const text = this.#text(generated);
      if ((body["stop"] as string[] | undefined)?.some((stop) => text.includes(stop))) break;
    }
    const tokens = isEcho ? [...prompt, ...generated] : generated;
    const logprobs = isEcho
      ? {
          token_logprobs: tokens.map((token, at) => (at === 0 ? null : this.#logprob(tokens.slice(0, at), token))),
          top_logprobs: tokens.map((token, at) => (at === 0 ? null : this.#tops(tokens.slice(0, at), token))),
        }
      : this.#choices(body, prompt);
    return {
      choices: [{ index: 0, text: this.#text(tokens), logprobs, finish_reason: "length" }],
      usage: { prompt_tokens: prompt.length, completion_tokens: generated.length },
    };
  }

  /** The usual answer to a chat: to the turns' contents one after the other, up to a stop string. */
  chat(body: Body): object {
    const turns = body["messages"] as { readonly content: string }[];
    const { choices, usage } = this.complete({ ...body, prompt: turns.map(({ content }) => content).join(" ") }) as {
      choices: [{ text: string }];
      usage: object;
    };
    const [{ text }] = choices;
    const ends = ((body["stop"] ?? []) as string[]).map((stop) => text.indexOf(stop)).filter((end) => end >= 0);
    const message = { role: "assistant", content: text.slice(0, Math.min(text.length, ...ends)) };
    return { choices: [{ index: 0, message, finish_reason: "stop" }], usage };
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Body;
      const path = request.url!;
      this.headers.push(request.headers);
      if (path === "/v1/completions") this.completions.push(body);
      if (path === "/v1/chat/completions") this.chats.push(body);
      const other = this.#others.get(path);
      if (other !== undefined) return other({ body, response });
      const usual = this.#usual(path, body);
      const answer = usual === null ? answerJson({ error: { message: "Not Found" } }, 404) : answerJson(usual);
      return answer({ body, response });
    });
  }

  #usual(path: string, body: Body): object | null {
    switch (path) {
      case "/v1/models":
        return { data: [{ id: MODEL, owned_by: "vllm", max_model_len: this.#contextTokens }] };
      case "/version":
        return { version: "1.2.3" };
      case "/tokenizer_info":
        return { bos_token: "<s>", eos_token: "<s>" };
      case "/tokenize":
        return { tokens: this.#encode(String(body["prompt"])) };
      case "/v1/completions":
        return this.complete(body);
      case "/v1/chat/completions":
        return this.chat(body);
      default:
        return null;
    }
  }

  #promptOf({ prompt }: Body): readonly number[] {
    return typeof prompt === "string" ? this.#encode(prompt) : (prompt as number[][])[0]!;
  }

  #encode(text: string): number[] {
    return (text.match(/<s>|\s?[^\s<]+|\s/g) ?? []).map((word) => {
      const known = this.#words.indexOf(word);
      return known >= 0 ? known : this.#words.push(word) - 1;
    });
  }

  #text(tokens: readonly number[]): string {
    return tokens.map((token) => this.#words[token]).join("");
  }

  #likeliest(before: readonly number[]): number {
    const last = before.at(-1)!;
    const earlier = before.lastIndexOf(last, -2);
    return earlier >= 0 && before.length > 1 ? before[earlier + 1]! : 0;
  }

  #logprob(before: readonly number[], token: number): number {
    return token === this.#likeliest(before) ? LIKELIEST : -4 - (token % 8);
  }

  /** As vLLM: of a server that does not know `logprob_token_ids`, those of the likeliest token only. */
  #choices(body: Body, prompt: readonly number[]): object | null {
    if (body["return_tokens_as_token_ids"] !== true) return null;
    const asked = this.tellsChoices ? (body["logprob_token_ids"] as number[]) : [];
    const told = [this.#likeliest(prompt), ...asked].map((token) => [
      `token_id:${token}`,
      this.#logprob(prompt, token),
    ]);
    return { token_logprobs: [LIKELIEST], top_logprobs: [Object.fromEntries(told)] };
  }

  #tops(before: readonly number[], token: number): object {
    const likeliest = this.#likeliest(before);
    return { [`t${likeliest}`]: LIKELIEST, [`t${token}`]: this.#logprob(before, token) };
  }
}

/** Answers with JSON. */
export function answerJson(json: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return ({ response }) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
  };
}

/** Answers with a text of any kind. */
export function answerText(text: string, contentType: string, status = 200): Answer {
  return ({ response }) => {
    response.writeHead(status, { "content-type": contentType }).end(text);
  };
}
