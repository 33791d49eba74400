"""Reads output folders with the reference harness's own functions and says what it finds, as one JSON object a folder.

  python read_outputs.py FOLDER...
"""
import json
import logging
import sys
from pathlib import Path

logging.disable(logging.CRITICAL)
import datasets
from lm_eval.loggers.utils import remove_none_pattern
from lm_eval.utils import (
    get_file_datetime,
    get_file_task_name,
    get_latest_filename,
    get_results_filenames,
    get_sample_results_filenames,
    handle_non_serializable,
    make_table,
    sanitize_list,
)


def read(folder: str) -> dict:
    files = [str(path) for path in Path(folder).rglob("*") if path.is_file()]
    latest = get_latest_filename(get_results_filenames(files))
    results = json.loads(Path(latest).read_text(encoding="utf-8"))
    samples = {}
    for name in sorted(get_sample_results_filenames(files)):
        lines = Path(name).read_text(encoding="utf-8").split("\n")[:-1]
        # As the harness does before it sends a samples file to the hub: into a table.
        table = datasets.load_dataset("json", data_files=name, split="train", cache_dir=sys.argv[1] + "/tables")
        rows = [json.loads(line) for line in lines]
        samples[get_file_task_name(Path(name).name)] = {
            "stamp": get_file_datetime(Path(name).name),
            "columns": {key: str(kind) for key, kind in table.features.items()},
            "rows": table.num_rows,
            "sanitized": all(sanitize_list(row["resps"]) == row["resps"] for row in rows),
        }
    return {
        "stamp": get_file_datetime(Path(latest).name),
        "keys": list(results),
        "table": make_table(results),
        "groups": make_table(results, "groups") if "groups" in results else None,
        "metrics": {name: [list(remove_none_pattern(key)) for key in row] for name, row in results["results"].items()},
        "samples": samples,
        "dumped": json.dumps(results, indent=2, default=handle_non_serializable, ensure_ascii=False),
    }


for folder in sys.argv[2:]:
    print(json.dumps(read(folder)))
