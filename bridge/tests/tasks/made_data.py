"""Documents for the tasks of this folder: made from a seed, so that they need no files and no network."""

import numpy as np
from datasets import Dataset, DatasetDict

PLACES = ["Göteborg", "日本", "Lima", "Żywiec", "Oslo", "Quito", "Ōsaka", "Bern"]
THINGS = ["kettle", "atlas", "ladder", "violin", "compass", "lantern", "anvil", "ferry"]
VERBS = ["carries", "sells", "paints", "hides", "repairs", "weighs"]
DOCUMENTS = 24


def choices(**_metadata):
    """Questions with four answers."""
    return _split("choices", _choice_row)


def writings(**_metadata):
    """Questions whose answer is written."""
    return _split("writings", _writing_row)


def passages(**_metadata):
    """Texts to be scored as they are."""
    return _split("passages", _passage_row)


def _split(name, make_row):
    stream = np.random.default_rng(sum(name.encode()))
    rows = {split: [make_row(stream, number) for number in range(count)] for split, count in _SIZES.items()}
    return DatasetDict({split: Dataset.from_list(made) for split, made in rows.items()})


_SIZES = {"train": 8, "test": DOCUMENTS}


def _choice_row(stream, number):
    options = [str(option) for option in stream.permutation(THINGS)[:4]]
    return {
        "number": number,
        "question": f"In {stream.choice(PLACES)}, who {stream.choice(VERBS)} the thing no. {number}?",
        "options": options,
        "right": int(stream.integers(4)),
        "weight": float(stream.random()),
    }


def _writing_row(stream, number):
    first, second = int(stream.integers(2, 90)), int(stream.integers(2, 90))
    return {
        "number": number,
        "question": f"{stream.choice(PLACES)} {stream.choice(VERBS)} {first} and {second}. How many?",
        "answer": str(first + second),
        "wordings": [f"So the answer is {first + second}.", f"The total is {first + second}", "valid", "A"],
    }


def _passage_row(stream, number):
    words = [str(stream.choice(THINGS + VERBS + PLACES)) for _ in range(int(stream.integers(5, 30)))]
    return {"number": number, "text": f"{' '.join(words)} .\n= {number} =", "last": str(stream.choice(THINGS))}
