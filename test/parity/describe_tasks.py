"""Says what the reference harness makes of every YAML file below a folder: its index, the configuration of each task
that needs no Python, and the members of each group that needs none. One JSON object a line on standard output."""
import json
import logging
import sys
from pathlib import Path

logging.disable(logging.CRITICAL)
from lm_eval.api import task as task_module
from lm_eval.config.task import TaskConfig
from lm_eval.tasks._factory import TaskFactory
from lm_eval.tasks._index import Kind, TaskIndex
from lm_eval.utils import handle_non_serializable

KINDS = {Kind.TASK: "task", Kind.PY_TASK: "python", Kind.GROUP: "group", Kind.TAG: "tag"}


def say(**fields) -> None:
    print(json.dumps(fields, ensure_ascii=False))


def without_data(self, data_dir=None, cache_dir=None, download_mode=None, config=None):
    self._config = TaskConfig(**config)


def needs_python(value) -> bool:
    return root.as_posix() + "/" in json.dumps(value, ensure_ascii=False)


root = Path(sys.argv[1])
task_module.ConfigurableTask.__init__ = without_data
index = TaskIndex.build([root])
factory = TaskFactory()
pure = set()
for name, entry in index.items():
    members = sorted(entry.tags) if entry.kind is Kind.TAG else []
    file = str(entry.yaml_path) if entry.yaml_path else None
    say(about="entry", name=name, kind=KINDS[entry.kind], file=file, members=members)
    if entry.kind is not Kind.TASK or needs_python(entry.cfg):
        continue
    pure.add(name)
    config = factory.build(entry, registry=index).config
    if config.dataset_kwargs:
        config.dataset_kwargs.pop("trust_remote_code", None)
    config.num_fewshot = config.num_fewshot or 0
    printed = json.dumps(config.to_dict(), ensure_ascii=False, default=handle_non_serializable)
    say(about="task", name=name, config=printed)


def is_pure(cfg) -> bool:
    """Whether building what a group lists imports no module."""
    members = cfg.get("task")
    for member in members if isinstance(members, list) else []:
        name = member if isinstance(member, str) else member.get("task") or member.get("group")
        entry = index.get(name) if isinstance(name, str) else None
        if isinstance(member, dict) and "group" in member and entry is None:
            if not is_pure(member):
                return False
        elif entry is None:
            return False
        elif entry.kind is Kind.GROUP:
            if not is_pure(entry.cfg):
                return False
        elif not (entry.tags if entry.kind is Kind.TAG else {name}) <= pure:
            return False
    return not needs_python(cfg)


for name, entry in index.items():
    if entry.kind is Kind.GROUP and is_pure(entry.cfg):
        try:
            group = factory.build(entry, registry=index)
        except TypeError:
            continue  # the harness cannot build it either
        groups = [group, *group.get_all_groups()]
        say(
            about="group",
            name=name,
            tasks=[[task.task_name, task.config.num_fewshot] for task in group.get_all_tasks()],
            groups=[[each.name, each.alias or each.name, each.version, each.child_names] for each in groups],
        )
