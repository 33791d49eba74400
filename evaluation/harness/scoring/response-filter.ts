// The harness's response filters (`lm_eval/filters`). A filter maps what one request of a document gave (a list of
// responses, or what an earlier filter made of it) to something of its own; a pipeline applies several in turn.
import type { PythonDict, PythonValue } from "../python/value.ts";

/** What filters get for one request of one document. */
export interface FilterSubject {
  /** The responses to the request, one a repeat; later in a pipeline whatever the filter before made of them. */
  readonly responses: PythonValue;
  /** The document, read from its JSON when a filter asks for it. */
  readonly doc: () => PythonDict;
}

/** One filter, ready to be applied. Throws `PythonError` where the harness would stop. */
export type ResponseFilter = (subject: FilterSubject) => PythonValue;

/** Makes a filter from its arguments in the YAML. Throws `PythonError` for arguments that it does not take. */
export type FilterFactory = (settings: FilterSettings) => ResponseFilter;

/** The arguments of a filter in the YAML, read by name; what is left over is an error. */
export interface FilterSettings {
  /** The argument's value, or the default where it is not given. */
  take(name: string, fallback: PythonValue): PythonValue;
  /** Whether it is given. */
  has(name: string): boolean;
}
