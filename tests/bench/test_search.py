"""A search changes one field at a time and never looks at a window kept for the final test."""

import pytest

from bench.search import CHANGES, changes_of, main
from curec_assets.ranker.config import RankerConfig


@pytest.mark.parametrize("windows", ["1998-02", "1997-12,1998-03", "1998-04,1998-01"])
def test_a_search_that_names_a_window_kept_for_the_final_test_is_refused_before_anything_is_read(
    windows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--windows", windows])
    assert stopped.value.code == 2
    assert "is kept for the final test" in capsys.readouterr().err


def test_each_value_of_a_field_is_a_change_of_its_own() -> None:
    assert changes_of(["epochs=2,8", "dropout=.3"]) == [{"epochs": 2}, {"epochs": 8}, {"dropout": 0.3}]


def test_what_is_tried_unasked_is_valid_and_differs_from_the_defaults() -> None:
    for change in changes_of(CHANGES):
        assert RankerConfig.model_validate(change) != RankerConfig()
