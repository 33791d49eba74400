"""Writes Parquet files: standard input is JSON, a list of {"file", "rows", "compression", "types"?: {column: type}}."""
import json, sys
import pyarrow as pa
import pyarrow.parquet as pq

for wish in json.load(sys.stdin):
    table = pa.Table.from_pylist(wish["rows"])
    for column, name in wish.get("types", {}).items():
        index = table.column_names.index(column)
        table = table.set_column(index, column, table[column].cast(pa.type_for_alias(name)))
    pq.write_table(table, wish["file"], compression=wish["compression"], row_group_size=3)
