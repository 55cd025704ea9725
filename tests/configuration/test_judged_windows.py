"""Where a chain is judged, all arms and seeds of its rankers; elsewhere what is served, beside ``id_only``."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from curec_assets.configuration.chain import SHIPPED, Chain, load_chain
from curec_assets.configuration.windows import WindowsConfig

CHAIN = load_chain(SHIPPED / "chains" / "movielens_100k.yaml")


def with_judged(judged: str | None) -> Chain:
    windows = {**CHAIN.windows.model_dump(), "judged": judged}
    return CHAIN.model_copy(update={"windows": WindowsConfig.model_validate(windows)})


def test_every_window_is_judged_where_nothing_is_said() -> None:
    chain = with_judged(None)
    for window in chain.all_windows():
        assert chain.ranker_trained_in(window) == chain.ranker_judged_in(window) == chain.profile.ranker


def test_the_window_before_a_judged_one_trains_all_arms_and_any_other_what_is_served() -> None:
    chain = with_judged("1998-02..1998-03")
    whole, served = chain.profile.ranker, chain.profile.ranker.served_only()
    trained = {window.key: chain.ranker_trained_in(window) for window in chain.all_windows()}
    assert {key for key, ranker in trained.items() if ranker == whole} == {"1998-01", "1998-02"}
    assert all(ranker in (whole, served) for ranker in trained.values())
    assert set(served.arms) == {"id_only", whole.recommend_arm}
    assert served.seeds == whole.seeds[:1]


def test_a_window_judges_what_the_window_before_trained() -> None:
    chain = with_judged("1998-04")
    windows = chain.all_windows()
    for before, window in pairwise(windows):
        assert chain.ranker_judged_in(window) == chain.ranker_trained_in(before)


def test_which_windows_are_judged_is_part_of_what_makes_a_ranker() -> None:
    assert CHAIN.section("ranker") != with_judged(None).section("ranker")
    assert with_judged(None).section("ranker") == CHAIN.profile.ranker.model_dump(mode="json")


def test_a_longer_chain_is_another_ranker_where_more_windows_are_judged() -> None:
    chain = with_judged("1998-02..")
    longer = chain.windows.model_copy(update={"last": "1998-05"})
    assert chain.section("ranker") != chain.model_copy(update={"windows": longer}).section("ranker")


def test_judged_windows_are_read_as_keys_are_and_none_is_no_answer() -> None:
    windows = {"frequency": "yearly", "first": 2012, "last": 2014, "judged": 2014}
    assert WindowsConfig.model_validate(windows).judged_keys() == ("2014",)
    with pytest.raises(ValidationError, match="is no window of this chain"):
        with_judged("")


def test_a_judged_window_outside_the_chain_is_refused() -> None:
    with pytest.raises(ValidationError, match="'1998-07' is no window of this chain"):
        with_judged("1998-02..1998-07")
