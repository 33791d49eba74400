import { MusterError } from "../../base/muster-error.ts";

type TypedArray = Uint8Array | Uint32Array | Float64Array;

/** The bytes of a typed array, without a copy. Every machine that Muster runs on is little-endian. */
export function toBytes(values: TypedArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function aligned(bytes: Uint8Array, count: number, width: number, name: string): Uint8Array {
  if (bytes.length !== count * width) {
    throw new MusterError(
      "badData",
      `column ${name} has ${bytes.length} bytes where ${count} rows need ${count * width}`,
    );
  }
  // A copy, also of Node's Buffers, whose `slice` is a view.
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
}

/** A u32 column, checked against the row count. A view where the bytes are aligned, else a copy. */
export function uint32Column(bytes: Uint8Array, count: number, name: string): Uint32Array {
  const column = aligned(bytes, count, 4, name);
  return new Uint32Array(column.buffer, column.byteOffset, count);
}

/** An f64 column, checked against the row count. */
export function float64Column(bytes: Uint8Array, count: number, name: string): Float64Array {
  const column = aligned(bytes, count, 8, name);
  return new Float64Array(column.buffer, column.byteOffset, count);
}

/** A u8 column, checked against the row count and the largest value allowed. */
export function uint8Column(bytes: Uint8Array, count: number, name: string, largest = 255): Uint8Array {
  const column = aligned(bytes, count, 1, name);
  for (const value of column) {
    if (value > largest) throw new MusterError("badData", `column ${name} holds ${value}, more than ${largest}`);
  }
  return column;
}
