"""Says what the reference harness makes of the words of `--tasks`: reads one JSON list of words, and for each prints the
tasks with their configuration and the groups, or the type of the exception, as one JSON object a line."""
import json
import logging
import sys

logging.disable(logging.CRITICAL)
from lm_eval.api import task as task_module
from lm_eval.config.evaluate_config import EvaluatorConfig
from lm_eval.config.task import TaskConfig
from lm_eval.tasks import TaskManager
from lm_eval.utils import handle_non_serializable


def without_data(self, data_dir=None, cache_dir=None, download_mode=None, config=None):
    self._config = TaskConfig(**config)


class OwnTasks(TaskManager):
    """Without the harness's own 14,000 files."""

    def __init__(self, include_path=None, metadata=None):
        super().__init__(include_path=include_path, metadata=metadata, include_defaults=False)


def describe(word: str) -> dict:
    config = EvaluatorConfig(model="dummy", tasks=word, include_path=sys.argv[1])
    loaded = config.process_tasks().load(config.tasks)
    tasks = {}
    for name, task in loaded["tasks"].items():
        task.config.num_fewshot = task.config.num_fewshot or 0
        tasks[name] = json.dumps(task.config.to_dict(), ensure_ascii=False, default=handle_non_serializable)
    groups = {group.name: [group.alias or group.name, group.version, group.child_names] for group in loaded["groups"].values()}
    return {"tasks": tasks, "groups": groups}


task_module.ConfigurableTask.__init__ = without_data
import lm_eval.tasks

lm_eval.tasks.TaskManager = OwnTasks
for word in json.load(sys.stdin):
    try:
        print(json.dumps(describe(word)))
    except Exception as error:
        print(json.dumps({"error": type(error).__name__}))
