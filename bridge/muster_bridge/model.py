"""The model that the harness sees: each call goes to Muster whole, and comes back in order."""

import os
from functools import cached_property

from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from .chat import chat_writer
from .command import find_command
from .connection import Connection
from .data import use_dataset_map
from .errors import MusterError

MAP_VARIABLE = "MUSTER_BRIDGE_DATASET_MAP"


@register_model("muster")
class MusterLM(LM):
    """`--model muster --model_args coordinator=HOST:PORT,model=NAME`.

    coordinator: address; not given: the coordinator that runs on this machine. model: what the agents serve; not given:
    the only one they do. fresh: true computes also what an earlier command was answered. resume: the word that an
    interrupted command told, where a server tells no digest of its weights. dataset_map: a JSON file that says which
    local files hold which data set. muster: the program, where it is not found by itself. tokenizer
    (or pretrained): whose chat template --apply_chat_template means, by name or folder; some tasks also make their
    documents with it. chat: `messages` sends turns as they are to servers that have the template.
    """

    def __init__(
        self,
        coordinator=None,
        model=None,
        fresh=False,
        resume=None,
        dataset_map=None,
        muster=None,
        data_dir=None,
        pretrained=None,
        tokenizer=None,
        chat=None,
        batch_size=None,
        max_batch_size=None,
        device=None,
        **unknown,
    ):
        super().__init__()
        unknown.pop("trust_remote_code", None)
        if unknown:
            raise MusterError(
                "usage",
                f"the model muster has no argument {', '.join(sorted(unknown))}",
                "It takes coordinator, model, fresh, resume, tokenizer, chat, dataset_map, data_dir and muster; the agents know the rest.",
            )
        if dataset_map := dataset_map or os.environ.get(MAP_VARIABLE):
            use_dataset_map(dataset_map)
        words = [*find_command(muster), "bridge", "requests"]
        words += _given("--coordinator", coordinator) + _given("--model", model) + _given("--data-dir", data_dir)
        words += _given("--resume", resume)
        if str(fresh).lower() in ("true", "1", "yes"):
            words.append("--no-cache")
        self._chat_source = chat or tokenizer or pretrained
        self._connection = Connection(words)
        self._connection.open()

    def loglikelihood(self, requests, disable_tqdm=False):
        return self._ask("loglikelihood", requests)

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        return self._ask("loglikelihood_rolling", requests)

    def generate_until(self, requests, disable_tqdm=False):
        return self._ask("generate_until", requests)

    @cached_property
    def _chat(self):
        # Only loaded where a template is applied.
        return chat_writer(self._chat_source)

    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        return self._chat.write(chat_history, add_generation_prompt)

    def chat_template(self, chat_template=False):
        return self._chat.template

    @property
    def tokenizer_name(self):
        return self._chat.name

    def _ask(self, kind, requests):
        answers = self._connection.ask(kind, requests)
        for request, answer in zip(requests, answers, strict=True):
            self.cache_hook.add_partial(kind, request.args, answer)
        return answers


def _given(flag, value):
    return [] if value is None else [flag, str(value)]
