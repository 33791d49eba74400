"""Data sets from local files, as `muster run --dataset-map` reads them."""

import json
import pathlib

from .errors import MusterError

_READERS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


def use_dataset_map(map_file):
    """From now on data sets that the map names are read from its files; others as always."""
    import datasets

    path = pathlib.Path(map_file).resolve()
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MusterError("usage", f"cannot read the dataset map {path}: {error}") from error
    load_elsewhere = datasets.load_dataset

    def load_dataset(*args, **kwargs):
        found = _find(table, args[0] if args else kwargs.get("path"), args[1] if len(args) > 1 else kwargs.get("name"))
        if found is None:
            return load_elsewhere(*args, **kwargs)
        files = {split: [str(path.parent / name) for name in _names(entry)] for split, entry in found.items()}
        split = kwargs.get("split")
        return load_elsewhere(_reader(files), data_files=files, **({} if split is None else {"split": split}))

    datasets.load_dataset = load_dataset


def _find(table, name, subset):
    return table.get(f"{name}:{subset}") or table.get(name)


def _names(entry):
    return [entry] if isinstance(entry, str) else entry


def _reader(files):
    suffixes = {pathlib.Path(name).suffix for names in files.values() for name in names}
    readers = {_READERS.get(suffix) for suffix in suffixes}
    if len(readers) != 1 or None in readers:
        raise MusterError("usage", f"the dataset map mixes kinds of files, or names an unknown one: {sorted(suffixes)}")
    return readers.pop()
