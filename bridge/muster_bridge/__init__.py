"""A model for lm-evaluation-harness whose answers come from a Muster cluster.

`lm_eval --model muster --model_args coordinator=HOST:PORT` evaluates as always; Muster computes the answers.
"""
