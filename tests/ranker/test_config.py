"""Impossible ranker configurations are refused at load."""

import pytest
from pydantic import ValidationError

from curec_assets.ranker.config import RankerConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"backbones": ()},
        {"backbones": ("din", "din")},
        {"arms": ("popularity",)},
        {"seeds": (-1,)},
        {"recommend_backbone": "sasrec"},
        {"arms": ("id_only",)},
        {"dimension": 9},
        {"no_such_key": 1},
    ],
)
def test_an_impossible_configuration_is_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        RankerConfig.model_validate(wrong)
