"""LoRA adapters on disk: one safetensors file and one JSON file whose bytes depend on their content alone."""

import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from curec_assets.language_model.config import AdapterConfig

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


def lora_config(model: PreTrainedModel, config: AdapterConfig) -> LoraConfig:
    """A fresh adapter on every linear layer of the last blocks. Its update is zero until trained.

    Raises:
        ValueError: the model has fewer blocks than ``config.layers``.
    """
    blocks = int(model.config.get_text_config().num_hidden_layers)
    layers = blocks if config.layers is None else config.layers
    if layers > blocks:
        raise ValueError(f"the adapter is to sit on the last {layers} blocks, but the model has {blocks}")
    return LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=0.0,
        target_modules=_linear_layers(model),
        layers_to_transform=list(range(blocks - layers, blocks)),
        task_type="CAUSAL_LM",
    )


def new_adapter(model: PreTrainedModel, config: AdapterConfig) -> PeftModel:
    """``model`` with a fresh trainable adapter; its first weights follow torch's global seed."""
    return get_peft_model(model, lora_config(model, config))


def save_adapter(model: PeftModel, folder: Path, base_name: str) -> None:
    """Write the adapter of ``model`` to ``folder``: no paths, no dates and no order of sets in it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    save_file({name: state[name].detach().cpu().contiguous() for name in sorted(state)}, folder / WEIGHTS)
    settings = {**model.peft_config["default"].to_dict(), "base_model_name_or_path": base_name, "inference_mode": True}
    text = json.dumps({key: _plain(settings[key]) for key in sorted(settings)}, indent=1)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def restore_adapter(model: PeftModel, folder: Path) -> None:
    """Give the adapter of ``model`` the weights that ``save_adapter`` wrote to ``folder``.

    Raises:
        ValueError: the folder holds an adapter of another shape.
    """
    state = load_file(folder / WEIGHTS)
    own = get_peft_model_state_dict(model, save_embedding_layers=False)
    if {name: weight.shape for name, weight in state.items()} != {name: weight.shape for name, weight in own.items()}:
        raise ValueError(f"the adapter in {folder} has another shape than the one it is to become")
    set_peft_model_state_dict(model, state)


def merge_adapter(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """``model`` with the adapter in ``folder`` added to its weights, rounded to the weights' type."""
    return PeftModel.from_pretrained(model, str(folder)).merge_and_unload()


def _linear_layers(model: PreTrainedModel) -> list[str]:
    """Names of the linear layers of a block. Spelt out: peft's "all-linear" cannot be held to some blocks."""
    head = model.get_output_embeddings()
    linear = [name for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear) and layer is not head]
    return sorted({name.rpartition(".")[2] for name in linear})


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value.value if hasattr(value, "value") else value
