"""The folder of a trained ranker: one safetensors file per model, ``ranker.json`` for all that is shared. No pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from curec_assets.ranker.backbone import Ranker, Shape
from curec_assets.ranker.config import ArmName, BackboneName, RankerConfig
from curec_assets.ranker.din import DIN
from curec_assets.ranker.sasrec import SASRec

BACKBONES: Mapping[BackboneName, type[DIN] | type[SASRec]] = {"din": DIN, "sasrec": SASRec}
CARD = "ranker.json"


@dataclass(frozen=True)
class RankerFolder:
    """What the models of a folder share: their shape, vocabularies, the encoder's name, the seed and configuration."""

    shape: Shape
    items: tuple[str, ...]
    users: tuple[str, ...]
    encoder: str
    seed: int
    config: RankerConfig


def new_ranker(backbone: BackboneName, shape: Shape, config: RankerConfig) -> DIN | SASRec:
    """An untrained model, drawn from torch's global generator."""
    return BACKBONES[backbone](shape, config)


def model_seed(seed: int, number: int) -> int:
    """The torch seed of model ``number`` of a stage; the same for every arm, so that arms differ by text alone."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def save_model(folder: Path, backbone: BackboneName, arm: ArmName, number: int, model: Ranker) -> None:
    """Writes one model's weights."""
    save_file(model.state_dict(), _file(folder, backbone, arm, number))


def save_folder(folder: Path, shared: RankerFolder) -> None:
    """Writes the card that makes the folder readable on its own."""
    card = {
        "items": shared.items,
        "users": shared.users,
        "text_dimension": shared.shape.text_dimension,
        "encoder": shared.encoder,
        "seed": shared.seed,
        "config": shared.config.model_dump(mode="json"),
    }
    (folder / CARD).write_text(json.dumps(card, sort_keys=True), encoding="utf-8")


def open_folder(folder: Path, encoder_name: str) -> RankerFolder:
    """Reads the card.

    Raises:
        FileNotFoundError: no ranker folder.
        ValueError: the folder was trained with another encoder than ``encoder_name``.
    """
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    if card["encoder"] != encoder_name:
        raise ValueError(f"this ranker reads vectors of {card['encoder']}, not of {encoder_name}")
    items, users = tuple(card["items"]), tuple(card["users"])
    shape = Shape(len(items), len(users), card["text_dimension"])
    config = RankerConfig.model_validate(card["config"])
    return RankerFolder(shape, items, users, card["encoder"], card["seed"], config)


def load_model(folder: Path, shared: RankerFolder, backbone: BackboneName, arm: ArmName, number: int) -> DIN | SASRec:
    """One trained model, ready to score."""
    model = new_ranker(backbone, shared.shape, shared.config)
    model.load_state_dict(load_file(_file(folder, backbone, arm, number)))
    return model.eval()


def _file(folder: Path, backbone: BackboneName, arm: ArmName, number: int) -> Path:
    return folder / f"{backbone}-{arm}-seed{number}.safetensors"
