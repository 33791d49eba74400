import { MusterError } from "../../base/muster-error.ts";
import type { Event } from "../core/event.ts";

const COLUMN_TAG = "$u32";

/** Events → the payload of one frame: JSON, with u32 columns as base64. */
export function encodeEvents(events: readonly Event[]): Uint8Array {
  return Buffer.from(JSON.stringify(events.map(replaceColumns)), "utf8");
}

/** The same with texts in the place of columns. Not with a replacer of JSON.stringify, which is several times slower. */
function replaceColumns(holder: object): object {
  let made: Record<string, unknown> | null = null;
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    const replaced = value instanceof Uint32Array ? { [COLUMN_TAG]: textOf(value) } : replaceColumns(value as object);
    if (replaced === value) continue;
    made ??= { ...holder };
    made[key] = replaced;
  }
  return made ?? holder;
}

function textOf(column: Uint32Array): string {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString("base64");
}

/** A frame's payload → its events. Throws `badData` naming the place when it is not what `encodeEvents` wrote. */
export function decodeEvents(payload: Uint8Array, place: string): readonly Event[] {
  const { buffer, byteOffset, byteLength } = payload;
  try {
    const events: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString("utf8"));
    reviveColumns(events);
    return events as readonly Event[];
  } catch (error) {
    throw new MusterError("badData", `${place} does not hold events: ${(error as Error).message}`, { cause: error });
  }
}

/** Puts columns in the place of their texts. Not with a reviver of JSON.parse, which made a restart twice as long. */
function reviveColumns(holder: unknown): void {
  if (typeof holder !== "object" || holder === null) return;
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== "object" || value === null) continue;
    if (COLUMN_TAG in value) (holder as Record<string, unknown>)[key] = columnOf(String(value[COLUMN_TAG]));
    else reviveColumns(value);
  }
}

function columnOf(text: string): Uint32Array {
  const bytes = Buffer.from(text, "base64");
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
