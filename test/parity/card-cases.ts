import { type DataCase, folder, row } from "./data-case.ts";

const card = (yaml: string): string => `---\n${yaml}\n---\nText\n`;
const FEATURES = `dataset_info:
  features:
  - name: i
    dtype: int64
  - name: f
    dtype: float64
  - name: s
    dtype: string
  - name: new
    dtype: string
  - name: l
    sequence: string
  - name: o
    struct:
    - name: x
      dtype: string
    - name: y
      dtype: float32
  - name: c
    dtype:
      class_label:
        names:
          '0': no
          '1': yes
  - name: q
    list:
    - name: k
      dtype: string`;

/** What a data set's card says of its files. */
export const CARD_CASES: readonly DataCase[] = [
  folder(
    "a card may give a configuration a folder",
    {
      "here/README.md": card("configs:\n- config_name: one\n  data_dir: one\n- config_name: two\n  data_dir: two"),
      "here/one/test.jsonl": row,
      "here/two/test.jsonl": '{"a": 2}',
      "here/two/train.jsonl": '{"a": 3}',
    },
    { name: "two" },
  ),
  folder("a card may say how a configuration's CSV is laid out", {
    "here/README.md": card("configs:\n- config_name: default\n  data_files: test.csv\n  sep: ';'"),
    "here/test.csv": "a;b\n1;x,y\n",
  }),
  folder("a card may name a default configuration", {
    "here/README.md": card(
      "configs:\n- config_name: one\n  data_files: a.jsonl\n- config_name: two\n  data_files: b.jsonl\n  default: true",
    ),
    "here/a.jsonl": row,
    "here/b.jsonl": '{"a": 2}',
  }),
  folder("a card's features are the types: JSON", {
    "here/README.md": card(FEATURES),
    "here/test.jsonl":
      '{"s": 5, "f": 1, "i": 2, "new": null, "l": ["x"], "o": {"y": 1, "x": "p"}, "c": 1, "q": [{"k": "v"}]}',
  }),
  folder("a card's features are the types: what lacks is None", {
    "here/README.md": card(FEATURES),
    "here/test.jsonl": '{"f": 1}\n{"i": 2.0}',
  }),
  folder("a card's features are the types: CSV", {
    "here/README.md": card(
      "dataset_info:\n  features:\n  - name: b\n    dtype: string\n  - name: a\n    dtype: float64",
    ),
    "here/test.csv": "a,b\n1,2\n3,4\n",
  }),
  folder("a card's features lack a column", {
    "here/README.md": card("dataset_info:\n  features:\n  - name: b\n    dtype: string"),
    "here/test.jsonl": '{"a": 1, "b": "x"}',
  }),
  folder(
    "a card's features of the configuration count",
    {
      "here/README.md": card(
        "dataset_info:\n- config_name: one\n  features:\n  - name: a\n    dtype: string\n- config_name: two\n  features:\n  - name: a\n    dtype: float32\nconfigs:\n- config_name: one\n  data_files: a.jsonl\n- config_name: two\n  data_files: b.jsonl",
      ),
      "here/a.jsonl": row,
      "here/b.jsonl": '{"a": 2.1}',
    },
    { name: "two" },
  ),
  folder(
    "a card's features hold for a folder of the data too",
    {
      "here/README.md": card("dataset_info:\n  features:\n  - name: a\n    dtype: string"),
      "here/x/test.jsonl": row,
    },
    { kwargs: { data_dir: "x" } },
  ),
  folder(
    "a card's features hold for single files too",
    {
      "here/README.md": card("dataset_info:\n  features:\n  - name: a\n    dtype: string"),
      "here/x/test.jsonl": row,
    },
    { kwargs: { data_files: "x/test.jsonl" } },
  ),
  folder(
    "a card may give a configuration a folder and files",
    {
      "here/README.md": card("configs:\n- config_name: one\n  data_dir: one\n  data_files: b.jsonl"),
      "here/one/b.jsonl": row,
      "here/b.jsonl": '{"a": 2}',
    },
    { name: "one" },
  ),
  folder(
    "a card's setting that Muster does not know is refused",
    {
      "here/README.md": card("configs:\n- config_name: default\n  data_files: test.csv\n  skiprows: 1"),
      "here/test.csv": "note\na,b\n1,2\n",
    },
    { isRefused: /sets skiprows/ },
  ),
  folder(
    "a card's type that Muster does not read is refused",
    {
      "here/README.md": card(
        "dataset_info:\n  features:\n  - name: a\n    list:\n    - name: day\n      dtype: timestamp[s]",
      ),
      "here/test.jsonl": '{"a": [{"day": "2024-01-02"}]}',
    },
    { isRefused: /column a\.day is of the type timestamp\[s\]/ },
  ),
  folder("a card's sequences of objects are objects of lists", {
    "here/README.md": card(
      "dataset_info:\n  features:\n  - name: a\n    sequence:\n    - name: x\n      dtype: string\n  - name: b\n    sequence:\n      sequence: float64\n  - name: c\n    sequence:\n      class_label:\n        names:\n          '0': no",
    ),
    "here/test.jsonl": '{"a": {"x": ["p", null]}, "b": [[1]], "c": [0]}\n{"a": null, "b": null, "c": []}',
  }),
];
