"""Tasks that are Python classes: they make their own requests and score them."""

import difflib
import pathlib
import sys
import zlib

import numpy as np

from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask, MultipleChoiceTask

# The harness loads this file by its path, so that its neighbours are not found by themselves.
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import made_data  # noqa: E402


class _Made:
    """Documents of this folder instead of a download."""

    VERSION = 0
    MAKE = staticmethod(made_data.choices)

    def __init__(self, **_settings):
        super().__init__(config={"metadata": {"version": self.VERSION}})

    def download(self, *_arguments, **_settings):
        self.dataset = self.MAKE()

    def has_training_docs(self):
        return True

    def has_validation_docs(self):
        return False

    def has_test_docs(self):
        return True

    def training_docs(self):
        return self.dataset["train"]

    def test_docs(self):
        return self.dataset["test"]

    def construct_requests(self, doc, ctx, chat_template=None, apply_chat_template=False, **kwargs):
        # The harness's classic class does not know of chat templates.
        return super().construct_requests(doc, ctx, **kwargs)


class ClassicChoice(_Made, MultipleChoiceTask):
    """The harness's oldest kind of task."""

    def download(self, *_arguments, **_settings):
        made = self.MAKE()
        self.dataset = made.map(lambda doc: {"query": doc["question"], "choices": doc["options"], "gold": doc["right"]})

    def doc_to_text(self, doc):
        return f"{doc['query']}\nAnswer:"


class WholeText(_Made, ConfigurableTask):
    """Whole documents, scored by the bytes that they would take."""

    MAKE = staticmethod(made_data.passages)

    def doc_to_text(self, doc):
        return ""

    def doc_to_target(self, doc):
        return doc["text"]

    def construct_requests(self, doc, ctx, chat_template=None, apply_chat_template=False, **kwargs):
        return [
            Instance(request_type="loglikelihood_rolling", doc=doc, arguments=(doc["text"],), idx=0, **kwargs),
        ]

    def process_results(self, doc, results):
        return {"bits": (results[0], len(zlib.compress(doc["text"].encode())))}

    def aggregation(self):
        return {"bits": lambda pairs: float(-np.sum(pairs, axis=0)[0] / np.sum(pairs, axis=0)[1])}

    def higher_is_better(self):
        return {"bits": False}


class TwoKinds(_Made, ConfigurableTask):
    """Asks for a text and for a log-probability of each document, as SQuAD 2 does."""

    MAKE = staticmethod(made_data.writings)

    def doc_to_text(self, doc):
        return f"Q: {doc['question']}\nA:"

    def doc_to_target(self, doc):
        return doc["answer"]

    def construct_requests(self, doc, ctx, chat_template=None, apply_chat_template=False, **kwargs):
        settings = {"until": ["\n"], "max_gen_toks": 8}
        return [
            Instance(request_type="generate_until", doc=doc, arguments=(ctx, settings), idx=0, **kwargs),
            Instance(request_type="loglikelihood", doc=doc, arguments=(ctx, " unanswerable"), idx=0, **kwargs),
        ]

    def process_results(self, doc, results):
        written, (logprob, is_greedy) = results
        return {
            "contains": int(doc["answer"] in written),
            "no_answer": float(np.exp(logprob)),
            "greedy": int(is_greedy),
        }

    def aggregation(self):
        return {"contains": np.mean, "no_answer": np.median, "greedy": np.mean}

    def higher_is_better(self):
        return {"contains": True, "no_answer": False, "greedy": False}


class ClosestWording(_Made, ConfigurableTask):
    """Scores a text by how close it comes to any of several wordings."""

    MAKE = staticmethod(made_data.writings)

    def doc_to_text(self, doc):
        return doc["question"]

    def doc_to_target(self, doc):
        return doc["wordings"]

    def construct_requests(self, doc, ctx, chat_template=None, apply_chat_template=False, **kwargs):
        settings = {"until": [], "temperature": 0.0}
        return [Instance(request_type="generate_until", doc=doc, arguments=(ctx, settings), idx=0, **kwargs)]

    def process_results(self, doc, results):
        ratios = [difflib.SequenceMatcher(None, results[0], wording).ratio() for wording in doc["wordings"]]
        return {"closeness": max(ratios)}

    def aggregation(self):
        return {"closeness": lambda values: float(np.quantile(values, 0.75))}

    def higher_is_better(self):
        return {"closeness": True}
