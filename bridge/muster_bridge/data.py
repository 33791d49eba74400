"""Data sets from local files, as `muster run --dataset-map` reads them."""

import hashlib
import json
import pathlib

from .errors import MusterError

_CSV_SETTINGS = ("sep", "delimiter", "names", "column_names", "header", "keep_default_na", "na_filter")
_READERS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


def use_dataset_map(map_file):
    """From now on data sets that the map names are read from its files; others as always."""
    import datasets

    path = pathlib.Path(map_file).resolve()
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise MusterError("usage", f"cannot read the dataset map {path}: {error}") from error
    load_elsewhere = datasets.load_dataset

    def load_dataset(*args, **kwargs):
        name, subset = (args[0] if args else kwargs.get("path")), (args[1] if len(args) > 1 else kwargs.get("name"))
        found = _find(table, name, subset, kwargs)
        if found is None:
            return load_elsewhere(*args, **kwargs)
        layout = found.get("$layout", {})
        splits = {split: entry for split, entry in found.items() if split != "$layout"}
        files = {split: [str(path.parent / name) for name in _names(entry)] for split, entry in splits.items()}
        _check_digests(path.parent, splits)
        reader = _reader(files)
        asked = ("split", *_CSV_SETTINGS) if reader == "csv" else ("split",)
        settings = {**layout.get("settings", {}), **{key: kwargs[key] for key in asked if key in kwargs}}
        if layout.get("features") is not None:
            settings["features"] = datasets.Features._from_yaml_list(layout["features"])
        return load_elsewhere(reader, data_files=files, **settings)

    datasets.load_dataset = load_dataset


def _find(table, name, subset, kwargs):
    label = name if subset is None else f"{name}:{subset}"
    choice = {key: kwargs[key] for key in ("data_dir", "data_files", "revision") if key in kwargs}
    exact = table.get(f"{label} {json.dumps(choice)}") if choice else None
    return exact or table.get(f"{name}:{subset}") or table.get(name)


def _entries(entry):
    return entry if isinstance(entry, list) else [entry]


def _names(entry):
    return [file if isinstance(file, str) else file["file"] for file in _entries(entry)]


def _check_digests(folder, splits):
    for entry in splits.values():
        for file in _entries(entry):
            if isinstance(file, str) or "sha256" not in file:
                continue
            path = folder / file["file"]
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            if digest != file["sha256"]:
                raise MusterError("badData", f"the data file {path} is not the one that the dataset map means")


def _reader(files):
    suffixes = {pathlib.Path(name).suffix for names in files.values() for name in names}
    readers = {_READERS.get(suffix) for suffix in suffixes}
    if len(readers) != 1 or None in readers:
        raise MusterError("usage", f"the dataset map mixes kinds of files, or names an unknown one: {sorted(suffixes)}")
    return readers.pop()
