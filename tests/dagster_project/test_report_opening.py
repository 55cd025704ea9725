"""The report opens with six questions: pooled as it says, over the windows that were asked for."""

from collections.abc import Mapping
from typing import Any

import pytest

from dagster_project.report.answers import QUESTIONS, chosen_windows
from dagster_project.report.blocks import Table
from dagster_project.report.opening import opening_blocks
from dagster_project.report.pooling import pool
from dagster_project.report.queries import SUBJECTS, ChainRows

Cells = list[dict[str, str]]


def row(value: float | None, half: float | None, n: int = 10, **more: Any) -> dict[str, Any]:
    """A window's measure with an interval of ``half`` to either side."""
    ends = (None, None) if value is None or half is None else (value - half, value + half)
    return {"value": value, "ci_low": ends[0], "ci_high": ends[1], "n": n, **more}


def chain_rows(evaluations: Mapping[str, list[dict[str, Any]]], windows: tuple[str, ...]) -> ChainRows:
    """A chain of which only evaluations are held, and ``items`` that took ten seconds a window."""
    costs = [{"asset": "items", "window": window, "seconds": 10.0} for window in windows]
    return ChainRows(
        chain="hand",
        overview={},
        headline=[],
        evaluations={subject: evaluations.get(subject, []) for subject in SUBJECTS},
        curves=[],
        milliseconds=[],
        reliability=[],
        actions=[],
        reviews=[],
        regeneration=[],
        tokens=[],
        costs=costs,
        corrections=[],
        audit=[],
        alignment_pairs=[],
        sizes={},
        ablation=[],
        configuration=[],
    )


def auc(window: str, arm: str, value: float, half: float | None, n: int) -> dict[str, Any]:
    named = {"window": window, "backbone": "din", "arm": arm, "metric": "auc", "slice": "all", "is_contrast": True}
    return row(value, half, n, **named)


def tables(rows: ChainRows, windows: str) -> list[Cells]:
    found = [block for block in opening_blocks(rows, chosen_windows(rows, windows)) if isinstance(block, Table)]
    return [[dict(zip(table.columns, line, strict=True)) for line in table.rows] for table in found]


def test_values_are_weighted_by_n_and_half_widths_add_as_those_of_independent_windows() -> None:
    found = pool([row(0.1, 0.03, n=100), row(0.4, 0.08, n=50)])
    assert found is not None
    assert found.value == pytest.approx((10 + 20) / 150)
    half = (3**2 + 4**2) ** 0.5 / 150
    assert (found.ci_low, found.ci_high) == pytest.approx((0.2 - half, 0.2 + half))
    assert (found.n, found.pooled, found.measured, found.verdict) == (150, 2, 2, "above 0")


def test_four_windows_alike_halve_the_interval_and_windows_that_share_events_leave_it() -> None:
    alike = [row(0.1, 0.04)] * 4
    apart, shared = pool(alike), pool(alike, share_events=True)
    assert apart is not None
    assert shared is not None
    assert (apart.ci_low, apart.ci_high) == pytest.approx((0.08, 0.12))
    assert (shared.ci_low, shared.ci_high) == pytest.approx((0.06, 0.14))


@pytest.mark.parametrize(
    ("value", "half", "verdict"),
    [
        (0.2, 0.1, "above 0"),
        (-0.2, 0.1, "below 0"),
        (0.1, 0.2, "not told apart"),
        (0.1, 0.1, "not told apart"),
    ],
)
def test_only_an_interval_that_leaves_0_out_is_told_apart(value: float, half: float, verdict: str) -> None:
    found = pool([row(value, half)])
    assert found is not None
    assert found.verdict == verdict


def test_a_window_without_interval_is_left_out_and_counted() -> None:
    found = pool([row(0.1, 0.05, n=30), row(9.0, None, n=2), row(None, None, n=0)])
    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert (found.n, found.pooled, found.measured) == (30, 1, 2)


def test_without_any_interval_the_value_stands_alone_and_tells_nothing() -> None:
    for rows in ([row(0.1, None, n=1), row(0.2, None, n=3)], [row(0.1, 0.0, n=1), row(0.2, 0.1, n=3)]):
        found = pool(rows)
        assert found is not None
        assert found.value == pytest.approx(0.7 / 4)
        assert (found.ci_low, found.ci_high, found.verdict) == (None, None, "not told apart")
    assert pool([]) is None


def test_the_opening_pools_the_windows_that_were_asked_for_and_no_other() -> None:
    windows = ("2020-01", "2020-02", "2020-03")
    contrast = "corrected_reasons − id_only"
    judged = [auc(w, contrast, v, 0.01, 10) for w, v in zip(windows, (0.9, 0.1, 0.3), strict=True)]
    rows = chain_rows({"ranker": judged}, windows)
    questions, wall_clock = tables(rows, "2020-02..")
    (found,) = [cells for cells in questions if cells["compared"] == contrast]
    assert (found["value"], found["n"], found["windows"], found["verdict"]) == ("0.2000", "20", "2 of 2", "above 0")
    assert [(cells["stage"], cells["seconds"]) for cells in wall_clock] == [("items", "20.0"), ("all", "20.0")]
    with pytest.raises(ValueError, match=r"hand: '2021-01' is no window of this chain.*--windows hand=FIRST\.\.LAST"):
        chosen_windows(rows, "2021-01")


def test_a_rankers_difference_is_told_as_a_share_of_what_the_arm_named_last_has_in_the_same_windows() -> None:
    windows = ("2020-01", "2020-02", "2020-03")
    contrast = "corrected_reasons − id_only"
    # The first window's difference has no interval: it counts neither in the difference nor in the level.
    judged = [auc(w, contrast, 0.1, half, 10) for w, half in zip(windows, (None, 0.01, 0.01), strict=True)]
    levels = [
        auc(w, "id_only", v, 0.01, 10) | {"is_contrast": False} for w, v in zip(windows, (9.0, 0.4, 0.6), strict=True)
    ]
    questions, _ = tables(chain_rows({"ranker": judged + levels}, windows), "..")
    (found,) = [cells for cells in questions if cells["compared"] == contrast]
    assert found["relative"] == "+20.0%"
    unmeasured, _ = tables(chain_rows({"ranker": judged}, windows), "..")
    assert [cells["relative"] for cells in unmeasured if cells["compared"] == contrast] == ["–"]


def test_every_question_has_a_row_though_nothing_answers_it() -> None:
    questions, _ = tables(chain_rows({}, ("2020-01",)), "..")
    assert [cells["point"] for cells in questions] == [question.text for question in QUESTIONS]
    assert {cells["verdict"] for cells in questions} == {"–"}
