// Prompts as messages (`Message` and `multiturn_to_singleturn` in the harness's `api/utils.py`).

/** A message. Its delimiter follows it where messages are joined to plain text. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  readonly delimiter: string;
}

/** A message as chat templates and servers take it. */
export interface ChatTurn {
  readonly role: Message["role"];
  readonly content: string;
}

/** How prompts are written for a chat model. */
export interface ChatFormat {
  readonly systemInstruction: string | null;
  /** Whether worked examples are turns of their own; else all is one turn of the user. */
  readonly isMultiturn: boolean;
  /**
   * Writes turns as one text; null: they are joined as plain text. `opensAnswer`: the model's turn begins after them,
   * else it goes on with the last one.
   */
  readonly render: ((turns: readonly ChatTurn[], opensAnswer: boolean) => string) | null;
}

/** Plain text, as without a chat model. */
export const PLAIN_FORMAT: ChatFormat = { systemInstruction: null, isMultiturn: false, render: null };

/** The text of a prompt. */
export function renderMessages(messages: readonly Message[], format: ChatFormat, opensAnswer: boolean): string {
  if (format.render === null) return messages.map(({ content, delimiter }) => content + delimiter).join("");
  const turns = format.isMultiturn ? messages.map(({ role, content }) => ({ role, content })) : singleTurn(messages);
  return format.render(turns, opensAnswer);
}

/** All that the user and earlier answers say as one turn, between the system's and a begun answer. */
function singleTurn(messages: readonly Message[]): readonly ChatTurn[] {
  const [first, ...rest] = messages;
  const system = first?.role === "system" ? [{ role: first.role, content: first.content }] : [];
  const spoken = system.length > 0 ? rest : messages;
  const last = spoken.at(-1);
  const answer = last?.role === "assistant" ? [{ role: last.role, content: last.content }] : [];
  const asked = answer.length > 0 ? spoken.slice(0, -1) : spoken;
  const content = asked
    .map((message, index) => message.content + (index === asked.length - 1 ? "" : message.delimiter))
    .join("");
  return [...system, { role: "user", content }, ...answer];
}
