"""Lets the reference harness run the golden tasks on the hash model and writes what it reports, one file a run.

  python generate_golden.py FOLDER_OF_HASH_MODEL [NAME...]

The files have the form that `npm run parity` reads; the runs are those of runs.json.
"""

import hashlib
import json
import logging
import os
import pathlib
import sys

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ["DISABLE_MULTIPROC"] = "1"
import datasets
import lm_eval
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager
from transformers.utils.chat_template_utils import render_jinja_template

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "golden"
BOOTSTRAP_ITERATIONS = 1000
KEPT = ("results", "groups", "n-samples", "n-shot", "versions", "higher_is_better")
sys.path.insert(0, sys.argv[1])
import hash_model


class HashModel(LM):
    """The hash model behind the harness's interface."""

    template = ""

    def loglikelihood(self, requests, **_):
        return [hash_model.loglikelihood(*request.args) for request in requests]

    def loglikelihood_rolling(self, requests, **_):
        return [hash_model.rolling(request.args[0]) for request in requests]

    def generate_until(self, requests, **_):
        return [self._generate(*request.args) for request in requests]

    def chat_template(self, chat_template=False):
        return self.template

    @property
    def tokenizer_name(self):
        return "made"

    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        texts, _ = render_jinja_template(
            [chat_history], chat_template=self.template, add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt)
        return texts[0]

    def _generate(self, context, settings):
        stops = settings.get("until") or []
        return hash_model.generate(context, [stops] if isinstance(stops, str) else list(stops), settings.get("max_gen_toks"))


def read_from_map():
    table = json.loads((HERE / "dataset-map.json").read_text())
    hub = datasets.load_dataset

    def load(path, name=None, **_):
        splits = table[path if name is None else f"{path}:{name}"]
        return hub("json", data_files={split: str(HERE / file) for split, file in splits.items()})

    datasets.load_dataset = load


def sample(line):
    prompts = json.dumps([[str(arguments[0])] for arguments in line["arguments"]], ensure_ascii=False)
    digest = hashlib.sha256(prompts.encode()).hexdigest()[:16]
    metrics = {name: line[name] for name in line["metrics"]}
    return {"doc_id": line["doc_id"], "filter": line["filter"], "prompts": digest, "metrics": metrics}


def run(manager, tasks, limit=None, num_fewshot=None, **chat):
    model = HashModel()
    file = chat.get("chat_template")
    if file is not None:
        model.template = (HERE / file).read_text(encoding="utf-8")
    got = lm_eval.simple_evaluate(
        model=model, tasks=tasks, limit=limit, num_fewshot=num_fewshot, task_manager=manager,
        log_samples=True, bootstrap_iters=BOOTSTRAP_ITERATIONS, apply_chat_template=file is not None,
        system_instruction=chat.get("system_instruction"), fewshot_as_multiturn=chat.get("fewshot_as_multiturn", False))
    settings = {"tasks": tasks, "limit": limit, "num_fewshot": num_fewshot, "include_path": "tasks", **chat}
    samples = {task: [sample(line) for line in lines] for task, lines in got["samples"].items()}
    return {"settings": settings, **{key: got[key] for key in KEPT if key in got}, "samples": samples}


def main():
    logging.disable(logging.CRITICAL)
    datasets.disable_progress_bars()
    read_from_map()
    manager = TaskManager(include_path=str(HERE / "tasks"), include_defaults=False)
    wanted = sys.argv[2:]
    GOLDEN.mkdir(exist_ok=True)
    for name, settings in json.loads((HERE / "runs.json").read_text()).items():
        if wanted and name not in wanted:
            continue
        text = json.dumps(run(manager, **settings), ensure_ascii=False, sort_keys=True, default=lambda value: value.item())
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(name, len(text))


main()
