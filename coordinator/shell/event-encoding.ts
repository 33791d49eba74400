import { MusterError } from "../../base/muster-error.ts";
import type { Event } from "../core/event.ts";

const COLUMN_TAG = "$u32";

/** Events → the payload of one frame: JSON, with u32 columns as base64. */
export function encodeEvents(events: readonly Event[]): Uint8Array {
  const text = JSON.stringify(events, (_key, value: unknown) =>
    value instanceof Uint32Array
      ? { [COLUMN_TAG]: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") }
      : value,
  );
  return Buffer.from(text, "utf8");
}

/** A frame's payload → its events. Throws `badData` naming the place when it is not what `encodeEvents` wrote. */
export function decodeEvents(payload: Uint8Array, place: string): readonly Event[] {
  try {
    return JSON.parse(Buffer.from(payload).toString("utf8"), reviveColumn) as readonly Event[];
  } catch (error) {
    throw new MusterError("badData", `${place} does not hold events: ${(error as Error).message}`, { cause: error });
  }
}

function reviveColumn(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(COLUMN_TAG in value)) return value;
  const bytes = Buffer.from(String(value[COLUMN_TAG]), "base64");
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
