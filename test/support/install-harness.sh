#!/usr/bin/env bash
# Builds the virtual environment that holds the reference harness, which some tests compare Muster with.
# Safe to run again: a finished environment is left alone, a half-built one is completed.
#
#   test/support/install-harness.sh        about half a minute, 850 MB, needs Python >= 3.11 with pip
#
# PYTHON names another interpreter. The profile is CPython 3.11 (from 3.12 on, sum() rounds differently),
# so python3.11 is taken where it exists.
set -euo pipefail

version=0.4.13
environment="${XDG_CACHE_HOME:-$HOME/.cache}/muster/test/harness-venv"

choose_python() {
  if [[ -n "${PYTHON:-}" ]]; then echo "$PYTHON"; return; fi
  if python3.11 -c '' 2>/dev/null; then echo python3.11; return; fi
  echo python3
}

is_complete() {
  "$environment/bin/python" - "$version" 2>/dev/null <<'PY'
import importlib.metadata, sys
import lm_eval.tasks, pyarrow, transformers
sys.exit(importlib.metadata.version("lm_eval") != sys.argv[1])
PY
}

if is_complete; then
  echo "harness $version is there: $environment"
  exit 0
fi

python="$(choose_python)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "install-harness: $python is older than Python 3.11; set PYTHON to a newer one" >&2
  exit 2
}
[[ -x "$environment/bin/pip" ]] || "$python" -m venv "$environment"
"$environment/bin/pip" install --quiet "lm-eval[api]==$version" pyarrow transformers
is_complete || {
  echo "install-harness: $environment cannot import lm_eval $version; delete that folder and run this again" >&2
  exit 1
}
echo "harness $version installed: $environment"
