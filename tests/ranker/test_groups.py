"""Groups of users: by value or in bands, as of the window's end, and gaps that resampling can tell from chance."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.lake import schemas
from curec_assets.ranker.bootstrap import draw
from curec_assets.ranker.config import RankerConfig, UserGroupConfig
from curec_assets.ranker.groups import Compared, compared_groups, user_groups
from curec_assets.ranker.judge import Judge
from curec_assets.ranker.metrics import log_losses
from tests.ranker.ranker_world import user_row

END = datetime(2020, 2, 1, tzinfo=UTC)
SEEN = END - timedelta(days=1)
CONFIG = UserGroupConfig(most_values=3, bands=2, fewest_users=2)


def people(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schemas.USERS)


def aged(ages: list[float]) -> pa.Table:
    return people(*(user_row(f"u{n}", SEEN, age=f"{age:g}") for n, age in enumerate(ages)))


def test_a_group_is_called_by_its_value_and_who_is_not_described_is_in_none() -> None:
    found = user_groups(
        people(user_row("a", SEEN, gender="F", job="cook"), user_row("b", SEEN, job="cook")), END, CONFIG
    )
    assert found == {"gender": {"a": "gender F"}, "job": {"a": "job cook", "b": "job cook"}}


def test_a_number_with_many_values_is_cut_into_bands_that_are_called_by_what_is_in_them() -> None:
    found = user_groups(aged([25, 18, 34, 60.5, 41, 26]), END, CONFIG)["age"]
    assert set(found.values()) == {"age 18–26", "age 34–60.5"}
    assert [found[f"u{n}"] for n in range(3)] == ["age 18–26", "age 18–26", "age 34–60.5"]


def test_a_number_with_few_values_keeps_them() -> None:
    assert set(user_groups(aged([1, 18, 25, 1]), END, CONFIG)["age"].values()) == {"age 1", "age 18", "age 25"}


def test_a_few_words_among_numbers_are_in_no_band_and_many_make_all_values_words() -> None:
    numbers = [user_row(f"u{n}", SEEN, age=str(20 + n)) for n in range(40)]
    one = user_groups(people(*numbers, user_row("x", SEEN, age="unknown")), END, CONFIG)["age"]
    assert set(one) == {f"u{n}" for n in range(40)}
    assert set(one.values()) == {"age 20–39", "age 40–59"}
    many = user_groups(people(*numbers[:4], *(user_row(f"x{n}", SEEN, age="old") for n in range(4))), END, CONFIG)[
        "age"
    ]
    assert many["u0"] == "age 20"
    assert many["x0"] == "age old"


def test_who_is_first_seen_at_the_windows_end_or_later_moves_no_band() -> None:
    known = aged([25, 18, 34, 60, 41, 26])
    later = people(*(user_row(f"x{n}", END + timedelta(days=n), age=str(70 + n), vote="yes") for n in range(50)))
    assert user_groups(pa.concat_tables([later, known]), END, CONFIG) == user_groups(known, END, CONFIG)


@given(ages=st.lists(st.integers(0, 99), min_size=1, max_size=60), bands=st.integers(2, 6))
def test_bands_part_all_users_in_order_and_equal_values_share_one(ages: list[int], bands: int) -> None:
    found = user_groups(aged(list(map(float, ages))), END, UserGroupConfig(most_values=2, bands=bands))["age"]
    by_group: dict[str, set[int]] = {}
    for n, age in enumerate(ages):
        by_group.setdefault(found[f"u{n}"], set()).add(age)
    assert sum(map(len, by_group.values())) == len(set(ages))
    ordered = sorted(by_group.values(), key=min)
    assert all(max(low) < min(high) for low, high in pairwise(ordered))
    assert len(ordered) <= max(bands, 2)


def test_small_groups_are_left_out_and_those_that_leave_few_others_too() -> None:
    ids = [f"u{n}" for n in range(10)]
    groups = {
        "job": dict(zip(ids, [*["job a"] * 5, *["job b"] * 3, "job c"], strict=False)),
        "x": dict.fromkeys(ids, "x 1"),
    }
    user = np.repeat(np.arange(10), 2)
    found = compared_groups(groups, ids, user, CONFIG)
    assert list(found["job"].groups) == ["job a", "job b"]
    assert (found["job"].left_out, found["job"].users) == (1, 9)
    assert user[found["job"].told].max() == 8, "of the last user no job is told"
    assert user[found["job"].groups["job b"]].tolist() == [5, 5, 6, 6, 7, 7]
    assert (found["x"].groups, found["x"].left_out) == ({}, 1)
    capped = compared_groups(groups, ids, user, CONFIG.model_copy(update={"most_groups": 1}))
    assert (list(capped["job"].groups), capped["job"].left_out) == (["job a"], 2)


def judged(sharpness: tuple[float, float], users: int = 200, seed: int = 3) -> dict[str, dict[str, float]]:
    """Gaps of a model whose logits say as much of the one half of the users as ``sharpness`` says, and of the other."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), 10)
    label = rng.integers(0, 2, len(user)).astype(np.float32)
    first = user < users // 2
    logit = np.where(first, *sharpness) * (2 * label - 1) + rng.normal(size=len(user))
    judge = Judge(
        backbone="din",
        task="ctr",
        label=label,
        user=user,
        slices={},
        draws=draw(users, 1, 200, seed),
        config=RankerConfig(),
    )
    compared = Compared(np.arange(len(user)), {"gender F": np.flatnonzero(first)}, left_out=0, users=users)
    rows = judge.group_gaps("id_only", [logit], [compared])
    gaps = {row["metric"]: row for row in rows if row["slice"] == "gender F − others"}
    loss = log_losses(logit, label)
    assert gaps["log_loss_gap"]["value"] == pytest.approx(loss[first].mean() - loss[~first].mean(), abs=1e-5)
    return gaps


def test_the_interval_of_a_gap_holds_what_is_there_and_leaves_out_0_where_that_is_large() -> None:
    # The area under the curve of two unit normals 2 s apart is that of a standard normal below s times root 2.
    there = 0.6114 - 0.8711
    gaps = [judged((0.2, 0.8), seed=seed)["auc_gap"] for seed in range(20)]
    assert sum(gap["ci_low"] < there < gap["ci_high"] for gap in gaps) >= 16
    assert all(gap["ci_high"] < 0 for gap in gaps)


def test_the_interval_of_no_gap_holds_0() -> None:
    held = [judged((0.5, 0.5), seed=seed)["auc_gap"] for seed in range(20)]
    assert sum(gap["ci_low"] <= 0 <= gap["ci_high"] for gap in held) >= 16


def test_an_interval_is_wider_where_the_same_events_are_of_fewer_people() -> None:
    rng = np.random.default_rng(0)
    # Each person's logits are all good or all bad, so that people, not events, are what there is to draw.
    widths = []
    for users in (40, 400):
        user = np.repeat(np.arange(users), 4000 // users)
        label = rng.integers(0, 2, 4000).astype(np.float32)
        logit = rng.normal(size=users)[user] * (2 * label - 1)
        judge = Judge("din", "ctr", label, user, {}, draw(users, 1, 200, 1), RankerConfig())
        half = Compared(np.arange(4000), {"g": np.flatnonzero(user < users // 2)}, 0, users)
        (row,) = [r for r in judge.group_gaps("id_only", [logit], [half]) if r["metric"] == "log_loss_gap"]
        widths.append(row["ci_high"] - row["ci_low"])
    assert widths[0] > 2 * widths[1]
