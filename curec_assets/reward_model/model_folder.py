"""The reward model on disk: one self-contained folder of safetensors and JSON, no pickle.

``model.json``         encoders, folds, sizes, catalogue and the latest instant trained on
``networks.safetensors`` tensors of every network, named ``<model>/<parameter>``
``texts.safetensors``  catalogue vectors of both encoders, named ``main/…`` and ``gold/…``
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from curec_assets.reward_model.config import RewardModelConfig
from curec_assets.reward_model.fitting import new_network
from curec_assets.reward_model.network import RewardNetwork
from curec_assets.reward_model.splits import GOLD, model_names
from curec_assets.reward_model.towers import TextSpace


@dataclass(frozen=True)
class RewardModel:
    """A trained reward model.

    ``networks`` by model name; ``spaces`` by encoder role (``main``, ``gold``), the encoders named in ``encoders``;
    ``item_ids`` the catalogue in row order and its ``titles`` ("" where there is none); ``latest_ts`` the last event's
    time in microseconds, None without events.
    """

    config: RewardModelConfig
    item_ids: tuple[str, ...]
    titles: tuple[str, ...]
    latest_ts: int | None
    encoders: Mapping[str, str]
    spaces: Mapping[str, TextSpace]
    networks: Mapping[str, RewardNetwork]

    def space_of(self, model: str) -> TextSpace:
        """The vectors that the network ``model`` reads."""
        return self.spaces[encoder_role(model)]


def encoder_role(model: str) -> str:
    """Which encoder the network ``model`` reads with: ``main`` or ``gold``."""
    return GOLD if model == GOLD else "main"


def save_reward_model(model: RewardModel, folder: Path) -> None:
    """Write ``model`` to ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "config": model.config.model_dump(mode="json"),
        "encoders": dict(model.encoders),
        "item_ids": list(model.item_ids),
        "latest_ts": model.latest_ts,
        "titles": list(model.titles),
    }
    (folder / "model.json").write_text(json.dumps(described, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    save_file(
        {
            f"{name}/{key}": tensor.contiguous()
            for name, network in model.networks.items()
            for key, tensor in network.state_dict().items()
        },
        folder / "networks.safetensors",
    )
    save_file(
        {
            f"{role}/{field}": getattr(space, field).contiguous()
            for role, space in model.spaces.items()
            for field in TextSpace.__dataclass_fields__
        },
        folder / "texts.safetensors",
    )


def load_reward_model(folder: Path) -> RewardModel:
    """Read a folder that :func:`save_reward_model` wrote; networks come in evaluation mode."""
    described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    config = RewardModelConfig.model_validate(described["config"])
    vectors = load_file(folder / "texts.safetensors")
    spaces = {
        role: TextSpace(**{field: vectors[f"{role}/{field}"] for field in TextSpace.__dataclass_fields__})
        for role in described["encoders"]
    }
    tensors = load_file(folder / "networks.safetensors")
    networks: dict[str, RewardNetwork] = {}
    for name in model_names(config.folds):
        with torch.random.fork_rng(devices=[]):
            network = new_network(spaces[encoder_role(name)], config)
        mine = {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}
        network.load_state_dict(mine)
        networks[name] = network.eval()
    return RewardModel(
        config,
        tuple(described["item_ids"]),
        tuple(described["titles"]),
        described["latest_ts"],
        described["encoders"],
        spaces,
        networks,
    )
