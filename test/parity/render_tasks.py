"""Says which requests the reference harness makes for each task of a folder: one JSON object a line.

  python render_tasks.py FOLDER NUM_FEWSHOT|- LIMIT|-

FOLDER holds task files and, for each data set they name, SPLIT.jsonl files in a folder of that name."""
import json
import logging
import os
import sys
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = "1"
logging.disable(logging.CRITICAL)
import datasets
from lm_eval.evaluator_utils import get_sample_size
from lm_eval.tasks import TaskManager

folder = Path(sys.argv[1])
num_fewshot = None if sys.argv[2] == "-" else int(sys.argv[2])
limit_argument = None if sys.argv[3] == "-" else float(sys.argv[3])
datasets.disable_progress_bars()
real_load = datasets.load_dataset


def load(path, name=None, **_):
    return real_load("json", data_files={f.stem: str(f) for f in (folder / path).glob("*.jsonl")})


datasets.load_dataset = load


def render(name: str) -> dict:
    task = manager.load([name])["tasks"][name]
    if num_fewshot is not None and task.config.num_fewshot != 0:
        task.set_config("num_fewshot", num_fewshot)
    elif task.config.num_fewshot is None:
        task.set_config("num_fewshot", 0)
    task.set_fewshot_seed(1234)
    task.build_all_requests(limit=get_sample_size(task, limit_argument))
    requests = [
        [i.doc_id, i.request_type, *[a for a in i.args if isinstance(a, str)]]
        for i in task.instances
        for _ in range(i.repeats)
    ]
    # A model is only ever given texts, and scoring must go through too.
    if any(not isinstance(a, str) for i in task.instances if i.request_type != "generate_until" for a in i.args):
        raise TypeError("a request that is not text")
    answers = {"generate_until": "x", "loglikelihood": (-1.0, False), "loglikelihood_rolling": -1.0}
    docs = {i.doc_id: i.doc for i in task.instances}
    for doc_id, doc in docs.items():
        task.process_results(doc, [answers[i.request_type] for i in task.instances if i.doc_id == doc_id])
    targets = {doc_id: task.doc_to_target(doc) for doc_id, doc in docs.items()}
    settings = [i.args[1] for i in task.instances if i.request_type == "generate_until"][:1]
    return {"requests": requests, "docs": docs, "targets": targets, "settings": settings}


manager = TaskManager(include_path=str(folder), include_defaults=False)
for task_name in manager.all_subtasks:
    try:
        said = render(task_name)
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps({"task": task_name, **said}, ensure_ascii=False), flush=True)
