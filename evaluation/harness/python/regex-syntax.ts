/** The flags of Python's `re` that a text pattern can have. */
export interface RegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
  readonly verbose?: boolean;
  readonly ascii?: boolean;
}

/** One member of a character set: a range of code points or a category escape such as `\w`. */
export type SetMember =
  | { readonly kind: "range"; readonly low: number; readonly high: number }
  | { readonly kind: "category"; readonly letter: "d" | "D" | "s" | "S" | "w" | "W" };

/** A node of a parsed pattern. Flags that matter to a leaf are resolved in it, since groups can change them. */
export type RegexNode =
  | {
      readonly kind: "set";
      readonly negated: boolean;
      readonly members: readonly SetMember[];
      readonly flags: RegexFlags;
    }
  | { readonly kind: "any"; readonly flags: RegexFlags }
  | { readonly kind: "at"; readonly place: "^" | "$" | "A" | "Z" | "b" | "B"; readonly flags: RegexFlags }
  | { readonly kind: "sequence"; readonly nodes: readonly RegexNode[] }
  | { readonly kind: "branch"; readonly nodes: readonly RegexNode[] }
  | { readonly kind: "group"; readonly index: number; readonly body: RegexNode }
  | { readonly kind: "atomic"; readonly body: RegexNode }
  | { readonly kind: "reference"; readonly group: number; readonly flags: RegexFlags }
  | { readonly kind: "look"; readonly behind: boolean; readonly negated: boolean; readonly body: RegexNode }
  | {
      readonly kind: "repeat";
      readonly minimum: number;
      /** Infinity for no limit. */
      readonly maximum: number;
      readonly mode: "greedy" | "lazy" | "possessive";
      readonly body: RegexNode;
    };

/** A parsed pattern: its tree, the number of capture groups, and the groups' names. */
export interface RegexSyntax {
  readonly root: RegexNode;
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
  readonly flags: RegexFlags;
}
