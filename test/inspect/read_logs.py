"""Reads logs with Inspect's own reader: python read_logs.py LOG..."""
import sys
from inspect_ai.log import read_eval_log
for name in sys.argv[1:]:
    log = read_eval_log(name)
    assert read_eval_log(name, header_only=True).eval.task == log.eval.task, name
    scored = sum(1 for sample in log.samples if sample.scores)
    assert log.version == 2 and log.results.total_samples == len(log.samples) == scored, name
    print(log.eval.task, log.status, len(log.samples), {s.name: {m: v.value for m, v in s.metrics.items()} for s in log.results.scores})
