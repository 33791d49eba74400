import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import type { Column } from "./column-types.ts";

/** Rows that were typed together, as `datasets` reads them: 10 MB of a JSON file, 10,000 rows of a CSV file. */
export interface Batch {
  readonly rows: readonly PythonDict[];
  /** A struct: the columns of this batch by itself. */
  readonly column: Column;
}
