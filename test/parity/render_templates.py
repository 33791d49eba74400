"""Renders the templates of the installed harness's own task files on made-up documents, with the harness's renderer.

Prints one JSON list of [template, document, {"text": ...} or {"error": ...}]. Seeded by the first argument.
"""
import json, pathlib, random, re, sys

import yaml
from jinja2 import Environment, meta
from lm_eval import tasks
from lm_eval.utils import apply_template

VALUES = ["red ☃ x", "", 3, 1.0, None, True, ["a", "b b", "c"], [1, 2], {"text": ["x", "y"], "label": ["A", "B"]}, "0", "A"]
FIELD = re.compile(r"^\s*(?:doc_to_\w+|description|gen_prefix):\s*(.+)$", re.M)


def templates():
    found = set()
    for file in pathlib.Path(tasks.__file__).parent.rglob("*.yaml"):
        for text in FIELD.findall(file.read_text(encoding="utf-8")):
            if "{" in text and "!function" not in text:
                try:
                    value = yaml.safe_load(text)
                except yaml.YAMLError:
                    continue  # a value of several lines, seen in part
                if isinstance(value, str):
                    found.add(value)
    return sorted(found)


def likely(name):
    if re.search("choice|option|ending", name):
        return ["a", "b", "c", "d"]
    return 1 if re.search("label|answer|gold|target", name) else " Text of " + name


def main():
    draw = random.Random(int(sys.argv[1]))
    rows = []
    for template in templates():
        try:
            names = sorted(meta.find_undeclared_variables(Environment().parse(template)))
        except Exception:
            continue  # a value that only looks like a template
        documents = [{name: likely(name) for name in names}]
        documents += [{name: draw.choice(VALUES) for name in names} for _ in range(3)]
        for document in documents:
            try:
                rows.append([template, document, {"text": apply_template(template, document)}])
            except Exception as error:
                rows.append([template, document, {"error": type(error).__name__}])
    json.dump(rows, sys.stdout, ensure_ascii=False)


main()
