"""The tiny random language model, made once per test session, and rows to ask it about."""

from pathlib import Path
from typing import Any

import pytest

from curec_assets.evidence.text import verbalise
from curec_assets.language_model.config import LanguageModelConfig
from curec_assets.language_model.loading import base_model_folder

TINY = LanguageModelConfig(source="random:tiny", dtype="float32", max_prompt_tokens=200, batch_size=16)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model."""
    return base_model_folder(TINY, tmp_path_factory.getbasetemp() / "models")


def item_row(title: str, categories: list[str], **facts: list[str]) -> dict[str, Any]:
    """A row of EVIDENCE for an item; each keyword is a kind of fact with its texts."""
    row = {
        "side": "item",
        "subject_id": title,
        "title": title,
        "categories": categories,
        "description": None,
        "n_likes": 9,
        "facts": [{"kind": kind, "text": text, "weight": 1.0} for kind, texts in facts.items() for text in texts],
    }
    return row | {"evidence_text": verbalise(row)}


HEAT = item_row("Heat (1995)", ["Action", "Crime"], co_liked=["Seven (1995)", "Fargo (1996)"], trend=["rising"])
ALADDIN = item_row("Aladdin (1992)", ["Animation", "Comedy"], liker_category=["Musical"])
PIANO = item_row("The Piano (1993)", ["Drama", "Romance"])
EMMA = {**item_row("", [], recent_like=["Emma (1996)"], recent_dislike=["Spawn (1997)"]), "side": "user"}
ROWS = [HEAT, ALADDIN, PIANO, EMMA]
