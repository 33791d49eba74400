"""Calls of the harness as lines of JSON, which Muster reads (frontend/bridge/call-line.ts)."""

import json
from itertools import groupby

GENERATE = "generate_until"


def head_line(kind, requests):
    """The line that begins a call."""
    samples = sum(1 for _ in _by_document(requests))
    return _dump({"call": kind, "samples": samples, "requests": len(requests)})


def sample_lines(kind, requests):
    """A line for each document: its requests belong together, and its prompt is sent once."""
    for (task, doc), members in _by_document(requests):
        rows = []
        before = None
        for request in members:
            context, detail = _parts(kind, request)
            rows.append([None if context == before else context, detail])
            before = context
        yield _dump({"task": task, "doc": doc, "requests": rows})


def _by_document(requests):
    return groupby(requests, key=lambda request: (str(request.task_name), request.doc_id or 0))


def _parts(kind, request):
    args = request.args
    if kind == GENERATE:
        context, settings = args[0], args[1]
        detail = json.dumps(settings)
    else:
        context, detail = args[0], args[1] if len(args) > 1 else ""
    if not isinstance(context, str) or not isinstance(detail, str):
        raise TypeError(f"task {request.task_name}, document {request.doc_id}: a prompt must be a text")
    return context, detail


def _dump(value):
    # ASCII: whatever splits lines elsewhere, only a line feed splits these.
    return json.dumps(value, separators=(",", ":"))


def read_answer(kind, answer):
    """A line of Muster's as what the harness expects of this kind of call."""
    if kind == GENERATE:
        return answer["text"]
    if kind == "loglikelihood":
        return float(answer["logprob"]), answer["is_greedy"]
    return float(answer["logprob"])
