"""Run the reference harness's own command line with data from local files instead of a hub.

  python harness-with-local-data.py DATASET_MAP [arguments of lm_eval ...]

DATASET_MAP is Muster's: {"path" or "path:name": {split: JSONL file, relative to the map}}.
"""

import json
import os
import pathlib
import sys

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
from lm_eval.__main__ import cli_evaluate


def serve_from(map_file: pathlib.Path) -> None:
    table = json.loads(map_file.read_text())
    load_dataset = datasets.load_dataset

    def load(path, name=None, **_):
        splits = table.get(f"{path}:{name}") or table.get(path)
        if splits is None:
            raise SystemExit(f"{map_file} has no entry for {path}:{name}")
        files = {split: str((map_file.parent / file).resolve()) for split, file in splits.items()}
        return load_dataset("json", data_files=files)

    datasets.load_dataset = load


if __name__ == "__main__":
    serve_from(pathlib.Path(sys.argv.pop(1)))
    cli_evaluate()
