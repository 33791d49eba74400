"""Data sets from local files."""

import hashlib
import json
import pathlib
import tempfile
import unittest

import datasets
from muster_bridge.data import use_dataset_map
from muster_bridge.errors import MusterError


class DatasetMap(unittest.TestCase):
    def setUp(self):
        self._load = datasets.load_dataset
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def tearDown(self):
        datasets.load_dataset = self._load

    def write(self, table):
        file = self.folder / "map.json"
        file.write_text(json.dumps(table))
        return file

    def test_names_with_their_subset_come_first_and_files_lie_beside_the_map(self):
        (self.folder / "one.jsonl").write_text('{"a": 1}\n')
        (self.folder / "two.csv").write_text("a\n2\n")
        use_dataset_map(self.write({"org/x:big": {"test": ["one.jsonl", "one.jsonl"]}, "org/x": {"test": "two.csv"}}))
        self.assertEqual(datasets.load_dataset("org/x", "big")["test"]["a"], [1, 1])
        self.assertEqual(datasets.load_dataset(path="org/x", name=None, split="test")["a"], [2])

    def test_what_the_map_does_not_name_is_loaded_as_always(self):
        (self.folder / "own.json").write_text('[{"a": 3}]')
        use_dataset_map(self.write({}))
        files = {"test": str(self.folder / "own.json")}
        self.assertEqual(datasets.load_dataset("json", data_files=files)["test"]["a"], [3])

    def test_pulled_files_are_checked_and_found_by_what_a_task_chooses(self):
        (self.folder / "one.jsonl").write_text('{"a": 1}\n')
        digest = hashlib.sha256(b'{"a": 1}\n').hexdigest()
        chosen = 'json {"data_files": {"test": "hf://datasets/org/x/one.jsonl"}, "revision": "v1"}'
        pinned = {"file": "one.jsonl", "sha256": digest, "source": "https://hub/one.jsonl"}
        wrong = {"file": "one.jsonl", "sha256": "0" * 64}
        use_dataset_map(self.write({chosen: {"test": pinned}, "org/x:small": {"test": [wrong]}}))
        files = {"test": "hf://datasets/org/x/one.jsonl"}
        self.assertEqual(datasets.load_dataset("json", revision="v1", data_files=files)["test"]["a"], [1])
        with self.assertRaisesRegex(MusterError, "one.jsonl is not the one that the dataset map means"):
            datasets.load_dataset("org/x", "small")

    def test_csv_is_laid_out_as_the_task_says_and_types_are_those_of_the_card(self):
        (self.folder / "data.csv").write_text("a;b\n1;2\n")
        features = [{"name": "b", "dtype": "string"}, {"name": "a", "dtype": "float64"}]
        table = {
            "org/card": {"$layout": {"settings": {"sep": ";"}, "features": features}, "test": "data.csv"},
            "org/plain": {"$layout": {"settings": {"sep": ";"}, "features": None}, "test": "data.csv"},
            "org/task": {"test": "data.csv"},
        }
        use_dataset_map(self.write(table))
        self.assertEqual(list(datasets.load_dataset("org/card", split="test")), [{"b": "2", "a": 1.0}])
        self.assertEqual(list(datasets.load_dataset("org/plain")["test"]), [{"a": 1, "b": 2}])
        names = {"column_names": ["x", "y"], "header": 0, "sep": ";"}
        self.assertEqual(list(datasets.load_dataset("org/task", **names)["test"]), [{"x": 1, "y": 2}])

    def test_a_map_that_cannot_be_used_is_one_sentence(self):
        with self.assertRaisesRegex(MusterError, "cannot read the dataset map .*none.json"):
            use_dataset_map(self.folder / "none.json")
        use_dataset_map(self.write({"org/x": {"test": "data.xml"}}))
        with self.assertRaisesRegex(MusterError, "unknown one"):
            datasets.load_dataset("org/x")
