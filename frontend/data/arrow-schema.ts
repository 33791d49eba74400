// What Arrow's own schema, which its writers put into Parquet files, says beyond Parquet's: a duration is stored as a
// whole number, and only here it is told. The schema is a flatbuffer (arrow/format/Schema.fbs and Message.fbs).

/** `Type` in Schema.fbs. */
const DURATION = 18;
/** Positions of fields in their tables. */
const MESSAGE_HEADER = 2;
const SCHEMA_FIELDS = 1;
const FIELD = { name: 0, typeKind: 2, children: 5 } as const;
/** Before the message: a mark of four bytes and its length. */
const PREFIX_BYTES = 8;

/** The path of the first duration among the columns; null where there is none. `text` is base64. */
export function findDuration(text: string): string | null {
  const bytes = Buffer.from(text, "base64");
  const message = new Table(bytes, PREFIX_BYTES + bytes.readUInt32LE(PREFIX_BYTES));
  return firstDuration(message.table(MESSAGE_HEADER)?.tables(SCHEMA_FIELDS) ?? [], "");
}

function firstDuration(fields: readonly Table[], parent: string): string | null {
  for (const field of fields) {
    const path = `${parent}${field.text(FIELD.name)}`;
    if (field.byte(FIELD.typeKind) === DURATION) return path;
    const within = firstDuration(field.tables(FIELD.children), `${path}.`);
    if (within !== null) return within;
  }
  return null;
}

/** A table of a flatbuffer: its vtable tells where the fields that it has lie. */
class Table {
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  byte(field: number): number {
    const place = this.#place(field);
    return place === 0 ? 0 : this.#bytes.readUInt8(place);
  }

  text(field: number): string {
    const start = this.#target(field);
    if (start === 0) return "";
    return this.#bytes.toString("utf8", start + 4, start + 4 + this.#bytes.readUInt32LE(start));
  }

  table(field: number): Table | null {
    const start = this.#target(field);
    return start === 0 ? null : new Table(this.#bytes, start);
  }

  tables(field: number): Table[] {
    const start = this.#target(field);
    const count = start === 0 ? 0 : this.#bytes.readUInt32LE(start);
    return Array.from({ length: count }, (_, index) => {
      const place = start + 4 + 4 * index;
      return new Table(this.#bytes, place + this.#bytes.readUInt32LE(place));
    });
  }

  #target(field: number): number {
    const place = this.#place(field);
    return place === 0 ? 0 : place + this.#bytes.readUInt32LE(place);
  }

  /** 0 where the table lacks the field. */
  #place(field: number): number {
    const vtable = this.#start - this.#bytes.readInt32LE(this.#start);
    const slot = 4 + 2 * field;
    if (slot >= this.#bytes.readUInt16LE(vtable)) return 0;
    const offset = this.#bytes.readUInt16LE(vtable + slot);
    return offset === 0 ? 0 : this.#start + offset;
  }
}
