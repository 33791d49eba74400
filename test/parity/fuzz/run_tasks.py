"""Let the reference harness evaluate tasks on the hash model, one after the other, and write a line for each.

  python run_tasks.py FOLDER_OF_HASH_MODEL INCLUDE_PATH MAP.json BOOTSTRAP_ITERS [LIMIT]

Reads names on standard input. Lines: {"task", "samples": {...}, "results", ...} as reference.py keeps them, with the
prompts themselves, or {"task", "error"}.
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

hash_folder, include_path, map_file, iterations, *limit = sys.argv[1:]
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


table = json.loads(pathlib.Path(map_file).read_text())
real_load = datasets.load_dataset


def load_local(path, name=None, **_):
    return real_load("json", data_files=table[path])


datasets.load_dataset = load_local


def sha(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def number(value):
    return value.tolist() if hasattr(value, "tolist") else str(value)


manager = TaskManager(include_path=include_path, include_defaults=False)
for line in sys.stdin:
    task = line.strip()
    try:
        got = lm_eval.simple_evaluate(
            model=HashLM(), tasks=[task], limit=int(limit[0]) if limit else None, task_manager=manager,
            log_samples=True, bootstrap_iters=int(iterations), verbosity="CRITICAL")
        keep = {k: got[k] for k in ("results", "n-samples", "versions", "n-shot", "higher_is_better")}
        keep["samples"] = {
            name: [{"doc_id": s["doc_id"], "filter": s["filter"],
                    "prompts": sha([list(map(str, x[:1])) for x in s["arguments"]]),
                    "metrics": {m: s[m] for m in s["metrics"]}} for s in rows]
            for name, rows in got["samples"].items()}
        answer = {"task": task, **keep}
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        answer = {"task": task, "error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(answer, default=number), file=out, flush=True)
