"""Python functions that the YAML tasks of this folder name, each with what the native frontend has no counterpart for."""

import pathlib
import random
import sys
import unicodedata
from collections import Counter
from datetime import date, timedelta
from functools import partial

import jinja2
import numpy as np
import pandas
import regex
import sacrebleu
import scipy.stats
from rouge_score import rouge_scorer
from sklearn.metrics import cohen_kappa_score, f1_score

from lm_eval.api.filter import Filter

# The harness loads this file by its path, so that its neighbours are not found by themselves.
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from made_data import choices  # noqa: E402

_PROMPT = jinja2.Environment().from_string("{{ n }}. {{ q|upper }} {% for o in os %}({{ loop.index }}) {{ o }} {% endfor %}")


def shuffled_docs(dataset):
    """The order of answers comes from Python's own random stream, as gpqa's does."""
    random.seed(11)

    def shuffle(doc):
        options = list(doc["options"])
        right = options[doc["right"]]
        random.shuffle(options)
        return {"options": options, "right": options.index(right)}

    return dataset.map(shuffle, load_from_cache_file=False)


def heavy_docs(dataset):
    """The half with the larger weights, chosen with a data frame."""
    frame = pandas.DataFrame({"weight": dataset["weight"]})
    return dataset.select(frame.nlargest(len(frame) // 2, "weight").index.tolist())


def templated_text(doc):
    return _PROMPT.render(n=doc["number"], q=doc["question"], os=doc["options"])


def dated_text(doc):
    day = date(2024, 2, 25) + timedelta(days=doc["number"])
    return f"{day:%A, %d %B %Y}: {unicodedata.normalize('NFKD', doc['question'])}"


def numbered_options(doc):
    return [f"{number}: {option}" for number, option in zip(np.arange(1, 5), doc["options"], strict=True)]


def shots():
    """Examples that no split holds."""
    made = choices()["train"]
    return [dict(made[int(row)]) for row in np.argsort(made["weight"])]


def rouge_results(doc, results):
    scorer = rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=False)
    scores = [scorer.score(wording, results[0]) for wording in doc["wordings"]]
    return {
        "rouge1": max(score["rouge1"].fmeasure for score in scores),
        "rougeL": float(np.mean([score["rougeL"].fmeasure for score in scores])),
    }


def bleu_results(doc, results):
    return {"bleu_pair": (doc["wordings"], results[0])}


def corpus_bleu(pairs):
    references = [list(column) for column in zip(*(wordings for wordings, _ in pairs), strict=True)]
    return sacrebleu.corpus_bleu([text for _, text in pairs], references, tokenize="intl").score


def softmax_results(doc, results):
    """How sure the model is of the right answer, and of any."""
    logprobs = np.array([logprob for logprob, _ in results])
    shares = np.exp(logprobs - logprobs.max())
    shares /= shares.sum()
    return {"right_share": shares[doc["right"]], "entropy": float(scipy.stats.entropy(shares))}


def kappa_results(doc, results):
    guess = int(np.argmax([logprob for logprob, _ in results]))
    return {"kappa": (doc["right"], guess), "f1_macro": (doc["right"], guess)}


def kappa(pairs):
    return float(cohen_kappa_score(*zip(*pairs, strict=True)))


def f1_macro(pairs):
    right, guessed = zip(*pairs, strict=True)
    return float(f1_score(right, guessed, average="macro", zero_division=0.0))


def last_word_results(doc, results):
    (logprob, is_greedy) = results[0] if isinstance(results[0], tuple) else results
    return {"surprise": -logprob / np.log(2), "hit": is_greedy}


def rolling_results(doc, results):
    (loglikelihood,) = results
    words = len(regex.findall(r"\p{L}+", doc["text"]))
    return {"per_word": (loglikelihood, words), "per_letter": (loglikelihood, len(regex.findall(r"\p{L}", doc["text"])))}


def weighted_exp(pairs):
    sums = np.array(pairs).sum(axis=0)
    return float(np.exp(-sums[0] / max(1.0, sums[1]) / 100))


def agreement(predictions, references, **_settings):
    """A metric of the task's own."""
    return {"agreement": scipy.stats.hmean([1 + len(predictions[0]), 1 + len(references[0])])}


def votes_results(doc, results):
    """Several answers to one question: the most frequent one, and how many there were."""
    counted = Counter(results[0] if isinstance(results[0], list) else results)
    return {"voted": int(counted.most_common(1)[0][0].strip().endswith(doc["answer"])), "variants": len(counted)}


def keep_all(resps, docs):
    return resps


def last_number(resps, docs, missing):
    numbers = partial(regex.findall, r"(?<![\d.])\d{1,3}(?!\d)")
    return [[(numbers(text) or [missing])[-1] for text in answers] for answers in resps]


last_number_or_zero = partial(last_number, missing="0")


class ClosestOption(Filter):
    """Takes the option that shares most letters with what was written."""

    def apply(self, resps, docs):
        return [[self._closest(text, doc["options"]) for text in answers] for answers, doc in zip(resps, docs, strict=True)]

    def _closest(self, text, options):
        shared = [len(np.intersect1d(list(text.lower()) or [""], list(option))) for option in options]
        return options[int(np.argmax(shared))]
