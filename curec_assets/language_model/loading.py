"""Where base models come from, and how one is loaded together with its adapters.

A base model is materialised once as a plain folder (safetensors, config, tokenizer) that loads in under a second; all
later stages read that folder and nothing else. Nothing is downloaded unless the configuration says so.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from peft import PeftModel
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from curec_assets.lake.hashing import hash_folder
from curec_assets.language_model.adapters import merge_adapter
from curec_assets.language_model.at_hand import package_folder, plain_folder
from curec_assets.language_model.config import DataType, LanguageModelConfig
from curec_assets.language_model.precision import weights_type
from curec_assets.language_model.tiny import make_tiny_model

transformers_logging.disable_progress_bar()

LONGEST_COMPLAINT = 500
"""Characters of what a failed download said last, in a message."""


def base_model_folder(config: LanguageModelConfig, models_root: Path) -> Path:
    """The plain folder of the base model, made below ``models_root`` on first use (a local folder is used in place).

    Made beside its final name and renamed, so that a reader never sees half a model.

    Raises:
        ValueError: a source that cannot be found or downloaded, or a hub id while downloads are not allowed.
    """
    kind, _, rest = config.source.partition(":")
    if kind not in ("package", "random") and Path(config.source).is_dir():
        return Path(config.source)
    final = plain_folder(config.source, models_root)
    if final.is_dir():
        return final
    making = models_root / f".making-{final.name}-{os.getpid()}"
    making.mkdir(parents=True)
    try:
        if kind == "package":
            _from_package(rest, making)
        elif kind == "random":
            _random(rest, making)
        else:
            _from_hub(config, making)
        try:
            making.rename(final)
        except OSError:
            # Another process was faster; both made the same model.
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return final


def base_model_id(folder: Path) -> str:
    """``<folder name>#<12 hex digits of its content>``."""
    return f"{folder.name}#{hash_folder(folder)[:12]}"


def load_base_model(folder: Path, dtype: DataType) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The base model, on the GPU where one is visible, in evaluation mode, and its tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(
        str(folder), dtype=getattr(torch, weights_type(dtype)), use_safetensors=True
    )
    tokenizer = AutoTokenizer.from_pretrained(str(folder), padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer


def load_language_model(
    folder: Path, adapters: Sequence[Path], dtype: DataType
) -> tuple[PreTrainedModel | PeftModel, PreTrainedTokenizerBase]:
    """The base model with ``adapters`` on it, first to last, ready to generate, and its tokenizer.

    All adapters but the last are added into the weights, as they were when the last one was trained. The last stays
    beside them: base weights lie on the grid of ``dtype``, and an update smaller than half a step of a bfloat16 grid
    would be rounded away whole.
    """
    model, tokenizer = load_base_model(folder, dtype)
    for adapter in adapters[:-1]:
        model = merge_adapter(model, adapter)
    if not adapters:
        return model, tokenizer
    return PeftModel.from_pretrained(model, str(adapters[-1]), autocast_adapter_dtype=False).eval(), tokenizer


def _random(name: str, folder: Path) -> None:
    if name != "tiny":
        raise ValueError(f"language_model.source: there is no random model {name!r}; expected random:tiny")
    make_tiny_model(folder)


def _from_package(package: str, folder: Path) -> None:
    root = package_folder(package)
    if root is None:
        raise ValueError(f"language_model.source: the Python package {package!r} is not installed")
    plain = sorted(path.parent for path in root.rglob("*.safetensors"))
    quantised = sorted(root.rglob("*.gguf"))
    if plain:
        shutil.copytree(plain[0], folder, dirs_exist_ok=True)
    elif quantised:
        _from_gguf(quantised[0], folder)
    else:
        raise ValueError(f"language_model.source: the package {package!r} holds neither safetensors nor GGUF weights")


def _from_gguf(file: Path, folder: Path) -> None:
    """Copy de-quantised weights into a plain Llama, in bfloat16: a GGUF model itself refuses to be saved.

    Raises:
        ValueError: a GGUF file of another architecture.
    """
    source = AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32)
    if source.config.model_type != "llama":
        raise ValueError(f"{file.name}: expected a Llama, found {source.config.model_type}")
    settings = {key: value for key, value in source.config.to_dict().items() if key != "quantization_config"}
    plain = LlamaForCausalLM(LlamaConfig(**settings))
    plain.load_state_dict(source.state_dict())
    plain.generation_config = source.generation_config
    plain.to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)


def _from_hub(config: LanguageModelConfig, folder: Path) -> None:
    if not config.allow_download:
        raise ValueError(
            f"language_model.source: {config.source!r} is no local folder, and downloads are off"
            " (set language_model.allow_download to fetch it from the hub)"
        )
    # A process of its own: this one has already been told to stay offline.
    command = [sys.executable, "-m", "huggingface_hub.cli.hf", "download", config.source, "--local-dir", str(folder)]
    for pattern in ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"):
        command += ["--include", pattern]
    environment = {**os.environ, "HF_HUB_OFFLINE": "0"}
    download = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    if download.returncode:
        told = " ".join(download.stderr.split())[-LONGEST_COMPLAINT:]
        raise ValueError(
            f"language_model.source: {config.source!r} could not be downloaded into {folder.parent}: {told}"
        )
    shutil.rmtree(folder / ".cache", ignore_errors=True)
