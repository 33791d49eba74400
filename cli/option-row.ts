import type { PythonJson } from "../evaluation/plan.ts";

/** How an option's text is read; `read-options.ts` has the rule and the sentence for each. */
export type OptionKind =
  | "text"
  | "texts"
  | "words"
  | "switch"
  | "integer"
  | "number"
  | "limit"
  | "seeds"
  | "settings"
  | "address"
  | "addresses"
  | "url"
  | "choice";

/** One row of the table. */
export interface OptionRow {
  /** With its placeholder: `--limit <samples>`. */
  readonly flag: string;
  /** Environment variable that stands in where the flag is not given. */
  readonly env: string;
  readonly kind: OptionKind;
  /** What holds where nothing is given; absent: nothing, and the prose says what then happens. */
  readonly default?: string | number;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  readonly prose: string;
  /** Commands that take it, by their words. */
  readonly commands: readonly string[];
}

/** What a value of each kind is. */
export interface ValueOfKind {
  readonly text: string;
  readonly texts: readonly string[];
  readonly words: readonly string[];
  readonly switch: boolean;
  readonly integer: number;
  readonly number: number;
  readonly limit: number;
  readonly seeds: readonly [number, number, number, number];
  /** JSON of an object. */
  readonly settings: PythonJson;
  readonly address: string;
  /** As given, with commas between. */
  readonly addresses: string;
  readonly url: readonly string[];
  readonly choice: string;
}
