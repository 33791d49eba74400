/** A row of one of the quickstart's data files. */
export type Document = { readonly [column: string]: string | number | readonly string[] };

/** The rows of one task by split; `train` feeds the worked examples in prompts. */
export type Splits = { readonly [split: string]: readonly Document[] };
