"""Renders every template of the installed harness's task files with documents made up for it.

Prints one JSON object a line: {"template": ..., "renders": [[document as JSON text, text or null, error or null], ...]}."""
import json
import random
import re
import sys
from pathlib import Path

import jinja2
import lm_eval
import yaml
from jinja2 import meta

random.seed(int(sys.argv[1]))
renders_a_template = int(sys.argv[2])

# As `lm_eval.utils.env`, without the seconds that importing it takes.
env = jinja2.Environment(loader=jinja2.BaseLoader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
env.filters["regex_replace"] = lambda string, pattern, repl, count=0: re.sub(pattern, repl, string, count=count)


class Loader(yaml.CSafeLoader):
    pass


Loader.add_multi_constructor("!", lambda *_: None)
FIELDS = ("doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix", "description", "doc_to_decontamination_query")
TEXTS = ["A", "B", "the cat", " Padded text. ", "x, y", "line\nbreak", "été 日本", "", "3", "it's \"so\"", "yes"]


def text():
    return random.choice(TEXTS)


def scalar():
    return random.choice([text, text, text, lambda: random.randint(0, 4), lambda: random.choice([0.5, 1.0, 1e-7, 2.25]),
                          lambda: random.random() < 0.5, lambda: None])()


def value(keys, depth=0):
    kind = random.random()
    if kind < 0.35 or depth > 2:
        return text() if random.random() < 0.8 else scalar()
    if kind < 0.5:
        return random.randint(0, 3)
    if kind < 0.6:
        return scalar()
    if kind < 0.75 or not keys:
        return [text() for _ in range(random.randint(1, 5))]
    if kind < 0.85:
        return [value(keys, depth + 1) for _ in range(random.randint(0, 4))]
    return {key: value(keys, depth + 1) for key in keys}


def templates():
    found = {}
    for path in sorted((Path(lm_eval.__file__).parent / "tasks").rglob("*")):
        if path.suffix not in (".yaml", "") or not path.is_file():
            continue
        source = path.read_text(encoding="utf-8")
        if "{{" not in source and "{%" not in source:
            continue
        try:
            config = yaml.load(source, Loader)
        except yaml.YAMLError:
            continue
        for part in (config, config.get("fewshot_config") if isinstance(config, dict) else None):
            for field in FIELDS if isinstance(part, dict) else ():
                if isinstance(part.get(field), str):
                    found[part[field]] = None
    return found


for template in templates():
    try:
        compiled = env.from_string(template)
        names = sorted(meta.find_undeclared_variables(env.parse(template)) - set(env.globals))
    except jinja2.TemplateSyntaxError as error:
        print(json.dumps({"template": template, "renders": [["{}", None, str(error)]]}))
        continue
    keys = sorted({a or b for a, b in re.findall(r"\.(\w+)|\[['\"](\w+)['\"]\]", template)})
    renders = []
    for _ in range(renders_a_template):
        document = json.dumps({name: value(keys) for name in names})
        try:
            renders.append([document, compiled.render(**json.loads(document)), None])
        except Exception as error:
            renders.append([document, None, f"{type(error).__name__}: {error}"[:200]])
    print(json.dumps({"template": template, "renders": renders}))
