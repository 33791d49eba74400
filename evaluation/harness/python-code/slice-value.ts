import { PythonObject, type PythonValue } from "../python/value.ts";

/** The bounds of a slice: a value that only subscripts know. */
export class SliceValue extends PythonObject {
  readonly typeName = "slice";
  readonly bounds: readonly [PythonValue, PythonValue, PythonValue];

  constructor(bounds: readonly [PythonValue, PythonValue, PythonValue]) {
    super();
    this.bounds = bounds;
  }
}
