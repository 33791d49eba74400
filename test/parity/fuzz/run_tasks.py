"""Let the reference harness evaluate tasks on the hash model, one after the other, and write a line for each.

  python run_tasks.py FOLDER_OF_HASH_MODEL BOOTSTRAP_ITERS

Reads lines {"task", "folder", "limit", "num_fewshot"}; the folder holds the task's YAML and map.json. Lines written:
{"samples": {...}, "results", ...} as reference.py keeps them, with values as the harness's own files hold them, or
{"error"}.
"""

import hashlib
import json
import logging
import os
import pathlib
import sys

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ["DISABLE_MULTIPROC"] = "1"
out, sys.stdout = sys.stdout, sys.stderr
import datasets
import lm_eval
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager
from lm_eval.utils import handle_non_serializable

hash_folder, iterations = sys.argv[1:]
sys.path.insert(0, hash_folder)
import hash_model

logging.disable(logging.CRITICAL)
datasets.disable_progress_bars()


class HashLM(LM):
    def loglikelihood(self, requests, **_):
        return [hash_model.loglikelihood(*r.args) for r in requests]

    def loglikelihood_rolling(self, requests, **_):
        return [hash_model.rolling(r.args[0]) for r in requests]

    def generate_until(self, requests, **_):
        answers = []
        for request in requests:
            context, settings = request.args
            until = settings.get("until") or []
            until = [until] if isinstance(until, str) else list(until)
            answers.append(hash_model.generate(context, until, settings.get("max_gen_toks")))
        return answers


real_load = datasets.load_dataset
table = {}


def load_local(path, name=None, **_):
    return real_load("json", data_files=table[path])


datasets.load_dataset = load_local


def sha(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


for line in sys.stdin:
    wish = json.loads(line)
    folder = pathlib.Path(wish["folder"])
    try:
        table = json.loads((folder / "map.json").read_text())
        got = lm_eval.simple_evaluate(
            model=HashLM(), tasks=[wish["task"]], limit=wish["limit"], num_fewshot=wish["num_fewshot"],
            task_manager=TaskManager(include_path=str(folder), include_defaults=False),
            log_samples=True, bootstrap_iters=int(iterations), verbosity="CRITICAL")
        answer = {k: got[k] for k in ("results", "groups", "n-samples", "versions", "n-shot", "higher_is_better") if k in got}
        answer["samples"] = {
            name: [{"doc_id": s["doc_id"], "filter": s["filter"],
                    "prompts": sha([list(map(str, x[:1])) for x in s["arguments"]]),
                    "metrics": {m: s[m] for m in s["metrics"]}} for s in rows]
            for name, rows in got["samples"].items()}
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        answer = {"error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(answer, default=handle_non_serializable), file=out, flush=True)
