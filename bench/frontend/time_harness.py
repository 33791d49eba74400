"""Times the reference harness without a model: prints JSON with the seconds of each part.

  python time_harness.py FOLDER_OF_HASH_MODEL DATASET_MAP TASK[,TASK...] [LIMIT]

`index` is the harness's look for tasks, `data` reading files, `model` the hash model's answers; `rest` is what an
evaluation costs besides: rendering prompts, filtering and scoring responses, aggregating with standard errors.
"""

import json
import logging
import os
import pathlib
import sys
import time

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ["DISABLE_MULTIPROC"] = "1"
out, sys.stdout = sys.stdout, sys.stderr
began = time.perf_counter()
import datasets
import lm_eval
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

folder, map_file, tasks, *limit = sys.argv[1:]
sys.path.insert(0, folder)
import hash_model

logging.disable(logging.CRITICAL)
datasets.disable_progress_bars()
seconds = {"imports": time.perf_counter() - began, "index": 0.0, "data": 0.0, "model": 0.0}
counts = {"requests": 0}


def timed(part, call):
    start = time.perf_counter()
    try:
        return call()
    finally:
        seconds[part] += time.perf_counter() - start


class HashModel(LM):
    def _answer(self, requests, answer):
        counts["requests"] += len(requests)
        return timed("model", lambda: [answer(*request.args) for request in requests])

    def loglikelihood(self, requests, **_):
        return self._answer(requests, hash_model.loglikelihood)

    def loglikelihood_rolling(self, requests, **_):
        return self._answer(requests, hash_model.rolling)

    def generate_until(self, requests, **_):
        return self._answer(requests, lambda context, how: hash_model.generate(context, list(how["until"]), how.get("max_gen_toks")))


table = json.loads(pathlib.Path(map_file).read_text())
hub = datasets.load_dataset


def load(path, name=None, **_):
    splits = table.get(f"{path}:{name}") or table[path]
    files = {split: str((pathlib.Path(map_file).parent / file).resolve()) for split, file in splits.items()}
    return timed("data", lambda: hub("json", data_files=files))


datasets.load_dataset = load
manager = timed("index", TaskManager)
start = time.perf_counter()
got = lm_eval.simple_evaluate(
    model=HashModel(), tasks=tasks.split(","), task_manager=manager, limit=int(limit[0]) if limit else None,
    log_samples=False)
seconds["rest"] = time.perf_counter() - start - seconds["data"] - seconds["model"]
scores = {task: got["results"][task] for task in tasks.split(",")}
print(json.dumps({"seconds": seconds, **counts, "scores": scores}), file=out)
