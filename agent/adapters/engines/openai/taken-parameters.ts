import { RequestError } from "../request-error.ts";

type Body = Readonly<Record<string, unknown>>;

/** Parameters that a model may do without, and what is lost then. */
const OPTIONAL: { readonly [parameter: string]: string } = {
  temperature: "the model's own temperature",
  stop: "no stop strings",
  seed: "no seed",
};

function canDoWithout(parameter: string): boolean {
  return parameter === "max_tokens" || Object.hasOwn(OPTIONAL, parameter);
}

/**
 * What a server takes: models of hosted providers refuse some parameters by name (reasoning models take
 * `max_completion_tokens` in place of `max_tokens`, and no temperature). What is refused once is not sent again, and is
 * said of the engine.
 */
export class TakenParameters {
  readonly #refused = new Set<string>();

  /** What the engine does otherwise than asked, for people; empty where it takes everything. */
  get notes(): readonly string[] {
    return [...this.#refused].flatMap((parameter) => OPTIONAL[parameter] ?? []);
  }

  /** Sends a body, and once more without what is refused by name. */
  async send(body: Body, ask: (body: Body) => Promise<unknown>): Promise<unknown> {
    for (;;) {
      const adapted = this.#adapted(body);
      try {
        return await ask(adapted);
      } catch (error) {
        const parameter = error instanceof RequestError ? error.parameter : null;
        // Requests on their way at the same time are refused for the same parameter.
        if (parameter === null || !(parameter in adapted) || !canDoWithout(parameter)) throw error;
        this.#refused.add(parameter);
      }
    }
  }

  #adapted(body: Body): Body {
    const entries = Object.entries(body).flatMap(([name, value]): [string, unknown][] => {
      if (!this.#refused.has(name)) return [[name, value]];
      return name === "max_tokens" ? [["max_completion_tokens", value]] : [];
    });
    return Object.fromEntries(entries);
  }
}
