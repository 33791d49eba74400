"""Let the reference harness score given responses: tasks, documents and responses in, its results and files out.

  python score_with_harness.py IN.json OUT.json

IN: {"bootstrap_iters": N, "groups": [{"group": ..., "task": [...], "aggregate_metric_list": [...]}],
     "tasks": [{"config": {...}, "docs": [{...}], "responses": [text | [logprob, is_greedy] | logprob, ...]}]}
Responses are in the order in which the harness asks. A filter's function "class:NAME" is the class of that name in the
helper module named in "helpers". OUT: per task its printed config, and the text of its samples file; the results; or,
for a task on which the harness stops, {"error": "..."}.
"""

import importlib
import inspect
import json
import os
import pathlib
import sys
import tempfile

os.environ["DISABLE_MULTIPROC"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
import datasets
from lm_eval import evaluator
from lm_eval.api.group import Group
from lm_eval.api.model import LM
from lm_eval.api.task import ConfigurableTask
from lm_eval.loggers import EvaluationTracker


class Recorded(LM):
    """Answers from lists, one for each kind of request."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def _next(self, kind, requests):
        return [self.answers[kind].pop(0) for _ in requests]

    def loglikelihood(self, requests, **_):
        return [(float(x), bool(y)) for x, y in self._next("loglikelihood", requests)]

    def loglikelihood_rolling(self, requests, **_):
        return [float(x) for x in self._next("loglikelihood_rolling", requests)]

    def generate_until(self, requests, **_):
        return self._next("generate_until", requests)


def make_task(spec, helpers):
    config = json.loads(json.dumps(spec["config"]))
    for pipeline in config.get("filter_list") or []:
        for step in pipeline["filter"]:
            if step["function"].startswith("class:"):
                step["function"] = getattr(helpers, step["function"][6:])
    config["custom_dataset"] = lambda **_: {"test": datasets.Dataset.from_list(spec["docs"])}
    task = ConfigurableTask(config=config)
    task.set_config(key="num_fewshot", value=0)
    task.set_fewshot_seed(1234)
    return task


def printable(task):
    config = task.dump_config()
    config.pop("custom_dataset", None)
    default = lambda o: inspect.getsource(o) if isinstance(o, type) else str(o)
    return json.dumps(config, ensure_ascii=False, default=default)


def evaluate(specs, groups, helpers, iterations):
    tasks = {s["config"]["task"]: make_task(s, helpers) for s in specs}
    answers = {"loglikelihood": [], "loglikelihood_rolling": [], "generate_until": []}
    for spec in specs:
        kind = spec["config"]["output_type"]
        answers["loglikelihood" if kind == "multiple_choice" else kind].extend(spec["responses"])
    configs = {name: printable(task) for name, task in tasks.items()}
    made = {}
    for config in groups:
        config = dict(config)
        group = Group.from_config(config)
        for member in config["task"]:
            group.add(made[member] if member in made else tasks[member])
        made[group.name] = group
    results = evaluator.evaluate(Recorded(answers), {"tasks": tasks, "groups": made}, bootstrap_iters=iterations)
    samples = results.pop("samples")
    directory = tempfile.mkdtemp()
    tracker = EvaluationTracker(output_path=directory)
    tracker.general_config_tracker.log_experiment_args("muster", {"model": "m"}, None, None, None)
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in tasks:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    folder = pathlib.Path(directory) / "m"
    read = lambda pattern: next(folder.glob(pattern)).read_text(encoding="utf-8")
    out = {"results": read("results_*.json"), "tasks": {}}
    for name, task in tasks.items():
        out["tasks"][name] = {
            "config": configs[name],
            "version": json.dumps(task.VERSION),
            "multipleTargets": bool(task.multiple_target),
            "higherIsBetter": task.higher_is_better(),
            "samples": read(f"samples_{name}_*.jsonl"),
        }
    return out


def main():
    given = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    helpers = importlib.import_module(given["helpers"]) if given.get("helpers") else None
    iterations = given["bootstrap_iters"]
    if given.get("groups"):
        out = [evaluate(given["tasks"], given["groups"], helpers, iterations)]
    else:
        out = []
        for spec in given["tasks"]:
            try:
                out.append(evaluate([spec], [], helpers, iterations))
            except Exception as error:
                out.append({"error": f"{type(error).__name__}: {error}"})
    pathlib.Path(sys.argv[2]).write_text(json.dumps(out, ensure_ascii=False), encoding="utf-8")


main()
