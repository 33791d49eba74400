"""Reads data files as the harness does and prints a JSON list: for each case the rows of each split, or an error.

The first argument is a file with a JSON list of cases: {"path", "name", "kwargs", "folder"}; each is handed to
datasets.load_dataset with that folder as the working directory.
"""
import json, os, sys, tempfile

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()
import datasets

datasets.disable_progress_bars()
datasets.logging.set_verbosity(datasets.logging.CRITICAL)


def read(case):
    os.chdir(case["folder"])
    try:
        loaded = datasets.load_dataset(case["path"], case["name"], **case["kwargs"])
        show = lambda value: f"<{type(value).__name__}>"
        return {"splits": {split: [json.dumps(row, default=show) for row in rows] for split, rows in loaded.items()}}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error} {error.__cause__}"}


print(json.dumps([read(case) for case in json.load(open(sys.argv[1]))]))
