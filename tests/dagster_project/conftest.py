"""Reports that several files of tests read."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import CORRECTED_REASONS, EVALUATIONS, ITEMS, MODEL
from tests.conftest import FinishedChain
from tests.dagster_project.reports import HOSTILE
from tests.lake.manifests import manifest_of


@pytest.fixture(scope="session")
def report(finished: FinishedChain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    finished.curec("report", "--chain", "small", "--output", str(folder))
    return folder


@pytest.fixture
def small_lake(tmp_path: Path) -> Path:
    """A lake written by hand: chain ``hand`` with one item of a hostile title, its correction, five contrasts of the
    ranker, and a policy that was judged; no reward model and no later gain."""
    lake = Lake(tmp_path / "lake", "hand")
    item = dict.fromkeys(ITEMS.names) | {"item_id": "1", "title": HOSTILE}
    lake.publish(pa.Table.from_pylist([item], schema=ITEMS), manifest_of("items", "2020-01"))
    correction = dict.fromkeys(CORRECTED_REASONS.names) | {
        "side": "item",
        "subject_id": "1",
        "action": "corrected",
        "cause": "drifted",
        "previous_reason": f"old {HOSTILE}",
        "reason": "new\nover two lines",
    }
    lake.publish(
        pa.Table.from_pylist([correction], schema=CORRECTED_REASONS), manifest_of("corrected_reasons", "2020-01")
    )
    contrast = {"subject": "ranker", "backbone": "din", "metric": "auc", "slice": "all", "n": 9}
    contrasts = [
        {**contrast, "arm": f"{arm} − id_only", "value": value, "ci_low": low, "ci_high": high}
        for arm, value, low, high in (
            ("up", 0.2, 0.1, 0.3),
            ("down", -0.2, -0.3, -0.1),
            ("open", 0.1, -0.1, 0.3),
            ("single", 0.2, 0.2, 0.2),
            ("nan", float("nan"), float("nan"), float("nan")),
        )
    ]
    pair = {"side": "user", "subject_id": "7", "title": None, "base": f"one {HOSTILE}", "aligned": "other words"}
    judge = manifest_of("ranker_evaluation", "2020-02")
    judge = replace(judge, metrics={"before_and_after_alignment": [pair]})
    lake.publish(pa.Table.from_pylist(contrasts, schema=EVALUATIONS), judge)
    judged = {"subject": "rl_policy", "metric": "gold_reward", "slice": "item", "n": 4, "ci_low": 0.1, "ci_high": 0.9}
    policy = dict.fromkeys(MODEL.names) | {
        "evaluations": [{**judged, "arm": arm, "value": 0.5} for arm in ("rl_policy", "aligned_llm")],
        "curves": [{"step": step, "name": "reward", "value": value} for step, value in ((1, float("nan")), (2, 0.25))],
    }
    lake.publish(pa.Table.from_pylist([policy], schema=MODEL), manifest_of("rl_policy", "2020-01"))
    return lake.root
