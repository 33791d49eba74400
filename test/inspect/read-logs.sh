#!/usr/bin/env bash
# Runs the quickstart suite on the hash engine, exports its logs for Inspect AI, and reads them with Inspect itself.
#
#   test/inspect/read-logs.sh       needs Python 3.11 with pip; installs inspect-ai under the cache folder
set -euo pipefail

inspect_version=0.3.285
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
environment="${XDG_CACHE_HOME:-$HOME/.cache}/muster/test/inspect-venv"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

if ! "$environment/bin/python" -c 'import inspect_ai' 2>/dev/null; then
  "${PYTHON:-python3}" -m venv "$environment"
  "$environment/bin/pip" install --quiet "inspect-ai==$inspect_version"
fi
muster() { node --disable-warning=ExperimentalWarning "$here/../../cli/main.ts" "$@"; }
muster run --suite "$here/../../quickstart/suite.yaml" --engine hash --model hash --yes --output "$scratch/run" --json >/dev/null
muster export "$scratch/run" --format inspect --output "$scratch/logs" >/dev/null
"$environment/bin/python" "$here/read_logs.py" "$scratch"/logs/*.json
