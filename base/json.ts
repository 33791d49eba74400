/** A value that JSON can carry. Integers and floats are both `number`. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object; key order is kept. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
