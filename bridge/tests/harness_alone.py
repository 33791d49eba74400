"""The harness without Muster, on the hash model: what a run with Muster is compared with.

  python harness_alone.py FOLDER_OF_HASH_MODEL [arguments of lm_eval run, without --model]
"""

import sys

sys.path.insert(0, sys.argv.pop(1))

import hash_model

import lm_eval.models  # noqa: F401  the table that the model is added to
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model


@register_model("hash-alone")
class HashModel(LM):
    """Answers in this process."""

    def __init__(self, dataset_map=None, **_settings):
        super().__init__()
        if dataset_map:
            from muster_bridge.data import use_dataset_map

            use_dataset_map(dataset_map)

    def loglikelihood(self, requests, disable_tqdm=False):
        return [hash_model.loglikelihood(*request.args) for request in requests]

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        return [hash_model.rolling(request.args[0]) for request in requests]

    def generate_until(self, requests, disable_tqdm=False):
        return [self._write(*request.args) for request in requests]

    def _write(self, context, settings):
        until = settings.get("until") or []
        return hash_model.generate(context, [until] if isinstance(until, str) else until, settings.get("max_gen_toks"))


if __name__ == "__main__":
    from lm_eval.__main__ import cli_evaluate

    sys.argv[1:1] = ["run", "--model", "hash-alone"]
    cli_evaluate()
