"""The harness's own command, with Muster's errors as sentences: `python -m muster_bridge run --model muster …`."""

import json
import os
import sys
from functools import partial

ERROR_VARIABLE = "MUSTER_BRIDGE_ERRORS"
BOOTSTRAP_VARIABLE = "MUSTER_BRIDGE_BOOTSTRAP"


def main():
    """Runs the harness. Errors that have a way out go to the file descriptor that the variable names, else to standard
    error."""
    from . import hook
    from .errors import MusterError

    try:
        from lm_eval.__main__ import cli_evaluate

        hook.register()
        _set_bootstrap(os.environ.get(BOOTSTRAP_VARIABLE))
        cli_evaluate()
    except MusterError as error:
        _tell(error)
    except ModuleNotFoundError as error:
        _tell(_missing(error))
    except ValueError as error:
        _tell(_refusal(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _set_bootstrap(iterations):
    """The harness's function takes the number of resamples; its command has no argument for it."""
    if iterations is None:
        return
    from lm_eval import evaluator

    evaluator.simple_evaluate = partial(evaluator.simple_evaluate, bootstrap_iters=int(iterations))


def _missing(error):
    from .errors import MusterError

    package = (error.name or str(error)).split(".")[0]
    if package == "lm_eval":
        return MusterError("notFound", f"{sys.executable} has no lm_eval", "Run `muster bridge install`.")
    return MusterError(
        "unsupported",
        f"the harness needs the Python package {package}, which is not installed",
        f"Run `muster bridge install {package}` (some packages have another name than their module).",
    )


def _refusal(error):
    """The harness's own refusals that a person can do something about; any other error keeps its traceback."""
    from .errors import MusterError

    text = str(error)
    if text.startswith("Tasks not found"):
        return MusterError("notFound", f"the harness has no such task: {text.partition(': ')[2]}", "Check --tasks.")
    if "marked as unsafe" in text:
        way_out = "If you trust it: muster bridge run --tasks … -- --confirm_run_unsafe_code"
        return MusterError("permission", f"the harness runs code that the model wrote only where it is told to: {text}", way_out)
    if "require multimodal input" in text:
        return MusterError("unsupported", f"Muster sends texts only: {text}", "Leave these tasks out.")
    raise error


def _tell(error):
    descriptor = os.environ.get(ERROR_VARIABLE)
    if descriptor:
        with open(int(descriptor), "w", encoding="utf-8") as stream:
            json.dump({"kind": error.kind, "message": error.message, "wayOut": error.way_out}, stream)
    else:
        print(f"muster: {error}", file=sys.stderr)
    sys.exit(1)


main()
