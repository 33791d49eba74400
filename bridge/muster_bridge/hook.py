"""Makes the model `muster` known to the harness.

The harness has a table of models and no entry points for others, so this module waits until the harness's models are
imported and adds a line to the table. It is loaded at the start of every Python of the environment: it must be small,
import nothing that is not loaded anyway, and break nothing.
"""

import sys

_WAITED_FOR = "lm_eval.models"


class _ModelsFinder:
    """Finds the harness's models as all others do, and is told when they have been loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != _WAITED_FOR:
            return None
        sys.meta_path.remove(self)
        import importlib.util

        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader)
        return spec


class _ThenRegister:
    """A loader that adds the model once the module is there."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        register()


def register():
    """Adds the model to the harness's table; harmless when it is there."""
    from lm_eval.api.registry import model_registry

    if "muster" not in model_registry:
        model_registry.register("muster", target="muster_bridge.model:MusterLM")


if _WAITED_FOR in sys.modules:
    register()
else:
    sys.meta_path.insert(0, _ModelsFinder())
