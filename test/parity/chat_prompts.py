"""The harness's prompts for a chat model: a task, a template and chat settings in, each request's arguments out.

  python chat_prompts.py INCLUDE_PATH MAP.json TASK,... < settings.json

settings: a list of {"template": text or "messages" or null, "tokens": {...}, "system": text or null, "multiturn": bool}.
Writes for each of them {task: [[arguments of a request's first two], ...]} or {"error": ...}, a line each.
"""

import json
import logging
import os
import pathlib
import sys

os.environ["HF_DATASETS_OFFLINE"] = "1"
out, sys.stdout = sys.stdout, sys.stderr
import datasets
import lm_eval
from jinja2.exceptions import TemplateError
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager
from transformers.utils.chat_template_utils import render_jinja_template

logging.disable(logging.CRITICAL)
include_path, map_file, tasks = sys.argv[1:]
table = json.loads(pathlib.Path(map_file).read_text())
real = datasets.load_dataset
datasets.load_dataset = lambda path, name=None, **_: real(
    "json", data_files={s: str((pathlib.Path(map_file).parent / f).resolve()) for s, f in table[path].items()})


class ChatModel(LM):
    def __init__(self, setting):
        super().__init__()
        self.setting = setting
        self.seen = []

    def _note(self, requests, answer):
        self.seen += [(r.task_name, r.doc_id, r.idx, [a for a in r.args[:2] if isinstance(a, str)]) for r in requests]
        return [answer for _ in requests]

    def loglikelihood(self, requests, **_):
        return self._note(requests, (-1.0, False))

    def loglikelihood_rolling(self, requests, **_):
        return self._note(requests, -1.0)

    def generate_until(self, requests, **_):
        return self._note(requests, "x")

    def chat_template(self, chat_template=False):
        return ""

    @property
    def tokenizer_name(self):
        return "made"

    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        if self.setting["template"] == "messages":
            return json.dumps(chat_history, ensure_ascii=False)
        render = lambda history: render_jinja_template(
            [history], chat_template=self.setting["template"], continue_final_message=not add_generation_prompt,
            add_generation_prompt=add_generation_prompt, **self.setting["tokens"])[0][0]
        # As the harness does for Hugging Face models.
        try:
            return render(chat_history)
        except TemplateError:
            return render([turn for turn in chat_history if turn["role"] != "system"])


for setting in json.load(sys.stdin):
    model = ChatModel(setting)
    try:
        lm_eval.simple_evaluate(
            model=model, tasks=tasks.split(","), task_manager=TaskManager(include_path=include_path, include_defaults=False),
            bootstrap_iters=0, apply_chat_template=setting["template"] is not None, system_instruction=setting["system"],
            fewshot_as_multiturn=setting["multiturn"], verbosity="CRITICAL")
        answer = {}
        for task, _, _, arguments in sorted(model.seen, key=lambda seen: seen[:3]):
            answer.setdefault(task, []).append(arguments)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=out, flush=True)
