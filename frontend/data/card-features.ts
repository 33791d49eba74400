// The `features` of a data set's card: `datasets` casts the files' columns to them, whatever the files say.
import { MusterError } from "../../base/muster-error.ts";
import type { Column } from "./column-types.ts";

const PLAIN: { readonly [dtype: string]: Column } = {
  null: { kind: "null" },
  bool: { kind: "bool" },
  string: { kind: "text" },
  large_string: { kind: "text" },
  float32: { kind: "float", isNarrow: true },
  float64: { kind: "float" },
  ...Object.fromEntries(
    [8, 16, 32, 64].flatMap((bits) => [`int${bits}`, `uint${bits}`]).map((dtype) => [dtype, { kind: "int" }]),
  ),
};

/** The columns of a card. Throws `unsupported` for types that Muster does not read exactly. */
export function columnOfFeatures(features: readonly unknown[], dataset: string): Column {
  return structOf(features, (name, what) => {
    return new MusterError(
      "unsupported",
      `the card of the data set ${dataset} says that the column ${name} is of the type ${what}, which Muster does not read exactly`,
      {
        wayOut:
          "Convert the data to JSON Lines without this column, and name the files in a dataset map (--dataset-map).",
      },
    );
  });
}

type Refuse = (name: string, what: string) => MusterError;

function structOf(features: readonly unknown[], refuse: Refuse, parent = ""): Column {
  const fields = features.map((feature): [string, Column] => {
    const { name, ...type } = feature as Record<string, unknown>;
    return [String(name), columnOf(type, refuse, `${parent}${String(name)}`)];
  });
  return { kind: "struct", fields: new Map(fields) };
}

function columnOf(type: unknown, refuse: Refuse, name: string): Column {
  if (typeof type === "string" || type === null) {
    const plain = PLAIN[String(type)];
    if (plain !== undefined) return plain;
    throw refuse(name, String(type));
  }
  if (Array.isArray(type)) return structOf(type, refuse, `${name}.`);
  const {
    dtype,
    struct,
    list,
    large_list: large = list,
    sequence,
    class_label: label,
  } = type as Record<string, unknown>;
  if (dtype !== undefined) return columnOf(dtype, refuse, name);
  if (struct !== undefined) return columnOf(struct, refuse, name);
  if (large !== undefined) return { kind: "list", item: columnOf(large, refuse, name) };
  if (label !== undefined) return { kind: "int" };
  if (sequence === undefined) throw refuse(name, Object.keys(type as object).join(" "));
  // A sequence of objects is an object of lists.
  const item = columnOf(sequence, refuse, name);
  if (item.kind !== "struct") return { kind: "list", item };
  const fields = Array.from(item.fields!, ([field, column]): [string, Column] => [
    field,
    { kind: "list", item: column },
  ]);
  return { kind: "struct", fields: new Map(fields) };
}
