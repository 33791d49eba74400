"""Functions of random tasks: of the kinds that installed tasks have."""

import re


def keep_some(dataset):
    return dataset.filter(lambda doc: doc["letter"] != "D" or doc["flag"])


def numbered(dataset):
    def _row(doc):
        words = doc["question"].split()
        return {**doc, "question": f"({len(words)}) " + " ".join(words), "weight": doc["weight"] / 3}

    return dataset.map(_row)


def ask(doc):
    listed = ", ".join(f"{letter}: {choice.strip()}" for letter, choice in zip("ABCD", doc["choices"]))
    return f"{doc['question'].title()}\n{listed}\n{doc['weight']!r:>8} {doc['answer']:03d}\nAnswer:"


def target_index(doc):
    return doc["labelled"]["label"].index(doc["letter"])


def target_text(doc):
    found = re.findall(r"\w+", doc["reply"])
    return found[-1].lower() if found else "nothing"


def options(doc):
    return [re.sub(r"\s+", " ", choice).strip() or "-" for choice in doc["choices"]]


def judge_choice(doc, results):
    logprobs = [result[0] for result in results]
    best = max(range(len(logprobs)), key=lambda index: logprobs[index])
    total = sum(logprobs)
    return {"acc": float(best == doc["answer"]), "acc_norm": round(logprobs[best] / total, 4) if total else 0.0}


def judge_text(doc, results):
    answer = results[0].strip().lower()
    return {"exact_match": int(doc["reply"].lower() in answer), "acc": len(set(answer)) / (1 + len(answer))}


def judge_pair(doc, results):
    (logprob, is_greedy), *_ = results
    return {"acc": is_greedy, "acc_all": (logprob > -20, doc)}


def shots():
    return [
        {
            "question": f"shot {index}", "passage": None, "choices": ["p", "q", "r", "s"],
            "labelled": {"text": ["p", "q", "r", "s"], "label": ["A", "B", "C", "D"]},
            "answer": index % 4, "letter": "ABCD"[index % 4], "label": index % 2, "reply": f"Yes {index}",
            "replies": ["a", "7"], "weight": index / 7, "flag": index % 2 == 0, "idx": {"paragraph": 0, "question": index},
        }
        for index in range(6)
    ]


def shout(resps, docs):
    return [[answer.upper() + "!" * (len(doc["letter"]) % 3) for answer in answers] for answers, doc in zip(resps, docs)]
