"""Writes Parquet files of many kinds and reads them as the harness does.

Arguments: an empty folder, a seed, a number of random files. Prints a JSON list, for each case {"title", "folder",
"splits": {split: [file]}, "outcome": {"rows": {split: [JSON text]}} or {"error": text}}.
"""
import datetime, decimal, json, os, pathlib, random, sys, tempfile

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()
import datasets
import pyarrow as pa
import pyarrow.parquet as pq

datasets.disable_progress_bars()
datasets.logging.set_verbosity(datasets.logging.CRITICAL)
TEXTS = ["red", "", " grün ", "雪\n☃", "null", "\ufeffx", "a\x00b", "🙂", "x" * 300]
POINT = datetime.datetime(2024, 1, 2, 3, 4, 5)


def column(values, type=None):
    return pa.table({"a": pa.array(values, type)})


def nested():
    inner = pa.struct([("k", pa.list_(pa.string())), ("n", pa.int64())])
    return pa.table(
        {
            "lists": pa.array([[[1, None], []], None, [], [None, [2]]], pa.list_(pa.list_(pa.int64()))),
            "objects": pa.array([[{"k": ["x", None], "n": 1}, None], [{"k": None, "n": None}], None, []], pa.list_(inner)),
            "struct": pa.array([{"k": [], "n": 2}, None, {"k": None, "n": None}, {"k": ["y"], "n": 3}], inner),
            "deep": pa.array([{"s": {"l": [{"v": 1.5}]}}, {"s": None}, None, {"s": {"l": None}}]),
            "single": pa.array([[{"only": 1}], [{"only": None}], [None], []]),
        }
    )


def with_features(table, features):
    info = {"info": {"features": features}}
    return table.replace_schema_metadata({"huggingface": json.dumps(info)})


def plain_cases():
    numbers = [0, 1, -1, None, 127, -128]
    big = [2**63 - 1, -(2**63), 2**53 + 1, None, -(2**53) - 1]
    floats = [0.1, 1.0, -0.0, float("nan"), float("inf"), 1e300, 5e-324, None]
    everything = pa.table({"i": big, "f": floats[:5], "t": TEXTS[:5], "b": [True, False, None, True, False]})
    for name in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        yield f"compressed by {name}", {"test": [everything]}, {"compression": name}
    yield "three rows a group", {"test": [everything]}, {"row_group_size": 3}
    yield "no dictionary", {"test": [everything]}, {"use_dictionary": False}
    yield "pages of version 2", {"test": [everything]}, {"data_page_version": "2.0", "row_group_size": 2}
    yield "a dictionary too large", {"test": [pa.table({"t": [f"{i} {'x' * 50}" for i in range(3000)]})]}, {
        "dictionary_pagesize_limit": 1024,
        "data_page_size": 2048,
    }
    for encoding, what in [("DELTA_BINARY_PACKED", big), ("BYTE_STREAM_SPLIT", floats), ("DELTA_BYTE_ARRAY", TEXTS), ("DELTA_LENGTH_BYTE_ARRAY", TEXTS)]:
        yield f"encoded as {encoding}", {"test": [column(what)]}, {"use_dictionary": False, "column_encoding": {"a": encoding}}
    for type in ["int8", "int16", "int32", "int64"]:
        yield f"whole numbers {type}", {"test": [column(numbers, type)]}, {}
    for type, most in [("uint8", 255), ("uint16", 2**16 - 1), ("uint32", 2**32 - 1), ("uint64", 2**64 - 1)]:
        yield f"whole numbers {type}", {"test": [column([0, most, None], type)]}, {}
    yield "large whole numbers", {"test": [column(big)]}, {}
    yield "floats of 32 bits", {"test": [column([0.1, 16777216.0, float("-inf"), None], pa.float32())]}, {}
    yield "floats after narrower ones", {"test": [column([0.1], pa.float32()), column([0.1, 1e300, None]), column([3])]}, {}
    yield "narrower floats after floats", {"test": [column([0.1]), column([0.1], pa.float32())]}, {}
    yield "floats of 64 bits", {"test": [column(floats)]}, {}
    yield "no values", {"test": [column([None, None])]}, {}
    yield "no rows", {"test": [column([], pa.string())]}, {}
    yield "large text", {"test": [column(TEXTS, pa.large_string())]}, {}
    yield "text without a schema of Arrow", {"test": [column(TEXTS)]}, {"store_schema": False}
    yield "nested values", {"test": [nested()]}, {"row_group_size": 2}
    yield "lists of older writers", {"test": [nested()]}, {"use_compliant_nested_type": False}
    yield "large lists", {"test": [column([["x"], None, []], pa.large_list(pa.string()))]}, {}
    yield "lists of one length", {"test": [column([[1, 2], [3, None]], pa.list_(pa.int64(), 2))]}, {}
    labels = {"a": {"names": ["no", "yes"], "_type": "ClassLabel"}}
    yield "labels", {"test": [with_features(column([0, 1, -1, None]), labels)]}, {}
    sequence = {"a": {"feature": {"t": {"dtype": "string", "_type": "Value"}}, "_type": "Sequence"}}
    yield "sequences", {"test": [with_features(column([{"t": ["x", "y"]}, {"t": []}]), sequence)]}, {}
    translation = {"a": {"languages": ["de", "en"], "_type": "Translation"}}
    yield "translations", {"test": [with_features(column([{"de": "rot", "en": "red"}]), translation)]}, {}


def shard_cases():
    ints, floats = column([1, 2]), column([0.5, 2.0])
    yield "shards follow one another", {"test": [ints, column([3]), column([], pa.int64())]}, {}
    yield "shards of narrower numbers", {"test": [ints, column([3], pa.int8())]}, {}
    yield "whole numbers after floats", {"test": [floats, ints]}, {}
    yield "whole floats after whole numbers", {"test": [ints, column([3.0])]}, {}
    yield "fractions after whole numbers", {"test": [ints, floats]}, {}
    yield "text after nothing", {"test": [column([None]), column(["x"])]}, {}
    yield "nothing after text", {"test": [column(["x"]), column([None])]}, {}
    yield "numbers after text", {"test": [column(["x"]), ints]}, {}
    yield "text after numbers", {"test": [ints, column(["x"])]}, {}
    yield "true after text", {"test": [column(["x"]), column([True])]}, {}
    yield "true after numbers", {"test": [ints, column([True])]}, {}
    yield "columns in another order", {"test": [pa.table({"a": [1], "b": ["x"]}), pa.table({"b": ["y"], "a": [2]})]}, {}
    yield "a column less", {"test": [pa.table({"a": [1], "b": ["x"]}), pa.table({"a": [2]})]}, {}
    yield "a column more", {"test": [pa.table({"a": [1]}), pa.table({"a": [2], "b": ["x"]})]}, {}
    yield "fields in another order", {"test": [column([{"x": 1, "y": "p"}]), column([{"y": "q", "x": 2}])]}, {}
    yield "lists of other numbers", {"test": [column([[0.5]]), column([[1, None], None])]}, {}
    yield "the first split sets the types: floats", {"train": [floats], "test": [ints]}, {}
    yield "the first split sets the types: order", {"train": [pa.table({"a": [1], "b": ["x"]})], "test": [pa.table({"b": ["y"], "a": [2]})]}, {}
    yield "the first split sets the types: columns", {"train": [pa.table({"a": [1], "b": ["x"]})], "test": [pa.table({"a": [2]})]}, {}
    yield "a column that the first split lacks", {"train": [column([1])], "test": [pa.table({"a": [2], "b": [3]})]}, {}


def foreign_cases():
    yield "foreign: decimals", {"test": [column([decimal.Decimal("1.50")])]}, {}
    yield "foreign: days", {"test": [column([POINT.date()])]}, {}
    for unit in ["s", "ms", "us", "ns"]:
        yield f"foreign: points in time {unit}", {"test": [column([POINT], pa.timestamp(unit))]}, {}
    yield "foreign: points in time of a zone", {"test": [column([POINT], pa.timestamp("us", "UTC"))]}, {}
    yield "foreign: points in time of 96 bits", {"test": [column([POINT], pa.timestamp("ns"))]}, {"use_deprecated_int96_timestamps": True}
    yield "foreign: times of a day", {"test": [column([POINT.time()])]}, {}
    yield "foreign: durations among others", {"test": [pa.table({"b": ["x"], "a": [[{"d": datetime.timedelta(1)}]]})]}, {}
    yield "foreign: durations", {"test": [column([datetime.timedelta(seconds=5)])]}, {}
    yield "foreign: bytes", {"test": [column([b"\xff"])]}, {}
    yield "foreign: bytes of one length", {"test": [column([b"\xff\xfe"], pa.binary(2))]}, {}
    yield "foreign: maps", {"test": [column([[("k", 1)]], pa.map_(pa.string(), pa.int64()))]}, {}
    yield "foreign: within lists", {"test": [column([[{"day": POINT.date()}]])]}, {}
    image = {"a": {"_type": "Image"}}
    yield "foreign: images", {"test": [with_features(column([{"bytes": b"x", "path": "p"}]), image)]}, {}


class Draw:
    """Random tables: nested types with nulls, written in random ways."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def type(self, depth):
        plain = [pa.int64(), pa.int32(), pa.float64(), pa.float32(), pa.bool_(), pa.string(), pa.uint8(), pa.large_string()]
        kind = self.random.randrange(5 if depth > 0 else 3)
        if kind == 3:
            return pa.list_(self.type(depth - 1))
        if kind == 4:
            names = self.random.sample(["k", "list", "element", "é ☃", "x.y"], self.random.randrange(1, 4))
            return pa.struct([(name, self.type(depth - 1)) for name in names])
        return self.random.choice(plain)

    def value(self, type):
        if self.random.randrange(5) == 0:
            return None
        if pa.types.is_list(type):
            return [self.value(type.value_type) for _ in range(self.random.randrange(4))]
        if pa.types.is_struct(type):
            return {field.name: self.value(field.type) for field in type}
        if pa.types.is_boolean(type):
            return self.random.random() < 0.5
        if pa.types.is_floating(type):
            return self.random.choice([0.0, -0.0, 0.5, 3.0, -1.25, 1e30, float("inf")])
        if pa.types.is_uint8(type):
            return self.random.randrange(256)
        if pa.types.is_integer(type):
            return self.random.randrange(-(2 ** (type.bit_width - 1)), 2 ** (type.bit_width - 1))
        return self.random.choice(TEXTS)

    def case(self, number):
        schema = pa.schema([(f"c{index}", self.type(3)) for index in range(self.random.randrange(1, 5))])
        tables = []
        for _ in range(self.random.randrange(1, 3)):
            rows = [{field.name: self.value(field.type) for field in schema} for _ in range(self.random.randrange(12))]
            tables.append(pa.Table.from_pylist(rows, schema))
        how = {
            "compression": self.random.choice(["none", "snappy", "gzip", "zstd"]),
            "row_group_size": self.random.choice([1, 3, 100]),
            "use_dictionary": self.random.random() < 0.5,
            "data_page_version": self.random.choice(["1.0", "2.0"]),
            "store_schema": self.random.random() < 0.8,
        }
        return f"random {number}", {"test": tables}, how


def read(folder, files):
    os.chdir(folder)
    try:
        loaded = datasets.load_dataset("parquet", data_files=files)
        show = lambda value: f"<{type(value).__name__}>"
        return {"rows": {split: [json.dumps(row, default=show) for row in rows] for split, rows in loaded.items()}}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error} {error.__cause__}"}


root, seed, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
draw = Draw(seed)
cases = [*plain_cases(), *shard_cases(), *foreign_cases(), *(draw.case(number) for number in range(count))]
printed = []
for index, (title, splits, how) in enumerate(cases):
    folder = root / str(index)
    folder.mkdir()
    files = {}
    for split, tables in splits.items():
        files[split] = [f"{split}{part}.parquet" for part in range(len(tables))]
        for name, table in zip(files[split], tables):
            pq.write_table(table, folder / name, **how)
    printed.append({"title": title, "folder": str(folder), "splits": files, "outcome": read(folder, files)})
print(json.dumps(printed))
