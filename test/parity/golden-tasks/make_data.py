"""Writes the data sets of the golden tasks and their dataset map: small, and full of what evaluation programs trip over.

  python make_data.py
"""

import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
ODD = [
    "naïve", "nai\u0308ve", "雪が降る", "☃", "👩🏽‍🚀", "Ünïcödé", "ﬁn", "İstanbul", "ß", "ǅ", "١٢٣", "½",
    "שלום", "\u202emirror\u202c", "zero\u200bwidth", "non\u00a0breaking", "line\u2028separator", "next\u0085line",
    "tab\there", "bell\u0007", "nul\u0000", "back\\slash", "quo\"te", "apos'trophe", "{{ not a template }}", "%s %d",
    "1.0", "1e5", "None", "true", " leading", "trailing ", "", "e\u0301\u0301", "𝒳", "\ufeffmark", "A\rB", "$1,000.50",
]
FLOATS = [
    1.0, -0.0, 0.1, 0.1 + 0.2, 1e16, 1e15, 123456789012345680.0, 1e22, 1e21, 1e-4, 1e-5, 1e-7, 5e-324,
    1.7976931348623157e308, 2.5, 100.0, 1 / 3, 9007199254740993.0, 4.35, 2.675, 1e100, -1.5e-10,
]
INTEGERS = [0, -1, 7, 2**31, 2**53, 2**53 + 1, -(2**63), 2**63 - 1, 10**15, 42]
SAYINGS = ["Yes", "No", "valid", "invalid", "(B)", "(D)", "7", "12", "$1,3.50", "A", "True", "plausible"]


def words(rng, most):
    return " ".join(rng.choice(ODD) for _ in range(rng.randint(1, most)))


def choices(rng, row):
    options = [f"{words(rng, 2)} {n}" for n in range(rng.choice([2, 3, 4, 5]))]
    return {
        "id": row, "question": f"{row} {words(rng, 6)}?", "options": options, "answer": rng.randrange(len(options)),
        "passage": rng.choice([None, "", words(rng, 4)]), "weight": rng.choice(FLOATS), "size": rng.choice(INTEGERS),
        "nested": {"labels": ["A", "B", "C", "D", "E"][: len(options)], "note": rng.choice([None, words(rng, 1)])},
    }


def pairs(rng, row):
    return {"first": words(rng, 4), "second": words(rng, 4), "label": rng.randrange(2), "number": rng.choice(FLOATS)}


def written(rng, row):
    return {
        "prompt": f"{row}. {words(rng, 8)}", "reply": rng.choice(SAYINGS), "replies": rng.sample(SAYINGS, 3),
        "start": rng.choice(["The answer", "So: ", "", "So"]), "score": rng.choice([*FLOATS, None]),
        "exact": rng.choice(INTEGERS), "flags": [rng.random() < 0.5, None],
    }


def passages(rng, row):
    return {"text": "\n".join(words(rng, 12) for _ in range(rng.randint(1, 4))), "last": rng.choice(ODD[:20])}


def blanks(rng, row):
    return {"before": words(rng, 5), "options": [words(rng, 1) + str(n) for n in range(2)],
            "after": words(rng, 4) or ".", "right": rng.randrange(2)}


def write(name, make, sizes):
    rng = random.Random(name)
    entry = {}
    for split, size in sizes.items():
        rows = [make(rng, row) for row in range(size)]
        # The same row again, also right after itself: worked examples must not show the question's own answer.
        rows = [*rows, rows[0], rows[1], rows[1]]
        file = HERE / "data" / f"{name}.{split}.jsonl"
        file.write_text("".join(json.dumps(row, ensure_ascii=row["id"] % 2 == 0 if "id" in row else False) + "\n" for row in rows), encoding="utf-8")
        entry[split] = f"data/{file.name}"
    return entry


def main():
    table = {
        "golden/choices": write("choices", choices, {"train": 9, "test": 25}),
        "golden/pairs:two": write("pairs", pairs, {"train": 7, "validation": 31}),
        "golden/written": write("written", written, {"train": 6, "test": 21}),
        "golden/passages": write("passages", passages, {"test": 14}),
        "golden/blanks": write("blanks", blanks, {"train": 6, "test": 17}),
    }
    (HERE / "dataset-map.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


main()
