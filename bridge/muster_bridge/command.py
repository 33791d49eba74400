"""How this Python starts Muster."""

import json
import os
import pathlib
import shutil
import sys

from .errors import MusterError

COMMAND_VARIABLE = "MUSTER_BRIDGE_COMMAND"
COMMAND_FILE = "muster-bridge.json"


def find_command(named=None):
    """The words that start Muster: the program named, else what started this Python, else what `muster bridge install`
    wrote down, else `muster` on the path. Raises MusterError where there is none."""
    if named:
        return [named]
    if words := os.environ.get(COMMAND_VARIABLE):
        return json.loads(words)
    note = pathlib.Path(sys.prefix, COMMAND_FILE)
    if note.exists():
        words = json.loads(note.read_text())["command"]
        if shutil.which(words[0]) and pathlib.Path(words[-1]).exists():
            return words
    if found := shutil.which("muster"):
        return [found]
    raise MusterError(
        "notFound",
        "this Python does not know where Muster is",
        "Run `muster bridge install` again, put `muster` on the PATH, or add muster=/path/to/muster to --model_args.",
    )
