"""Renders templates through the reference harness: reads [[template, document], ...] and prints [text or null, error]."""
import json
import logging
import sys

logging.disable(logging.CRITICAL)
from lm_eval.utils import apply_template

answers = []
for template, document in json.load(sys.stdin):
    try:
        answers.append([apply_template(template, json.loads(document)), None])
    except Exception as error:
        answers.append([None, f"{type(error).__name__}: {error}"[:200]])
json.dump(answers, sys.stdout)
