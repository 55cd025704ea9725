"""The policy beside the aligned LLM, on subjects kept out of RL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5

import numpy as np
import pytest

from curec_assets.interactions.groups import SIDES, Side
from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.language_model.generation import Sample
from curec_assets.language_model.prompts import Prompt
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.reward_model.scoring import PanelScore, ScoreRequest
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.held_out import BESIDE_EVIDENCE, CONTRAST, distinct_2, evaluate_policy, near_duplicate_share
from curec_assets.rl_policy.rewards import RLSubject

DULL, TELLING = "it is a title that some people seem to like.", "people who want quiet evenings like it very much."
GROUNDING = Grounding(["Heat"], ["Drama"])


def subject(side: Side, number: int) -> RLSubject:
    row = {
        "side": side,
        "subject_id": str(number),
        "as_of": datetime(2020, 1, 1, tzinfo=UTC),
        "title": f"Film {number}" if side == "item" else None,
        "categories": [],
        "description": None,
        "n_likes": 3,
        "evidence_text": DULL,
        "facts": [{"kind": "liked_category", "text": "quiet evenings", "weight": 1.0}],
    }
    return RLSubject(side, str(number), row)


SUBJECTS = [subject(side, number) for number in range(20) for side in SIDES]


class Writes:
    """Writes ``text`` to everybody."""

    def __init__(self, text: str) -> None:
        self.text = text

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        return [[Sample(self.text, len(self.text.split()), True)] * n for _ in prompts]


class Panels:
    """A telling reason gains .1 nats an event and a bit of noise of its subject's own; gold sees half of it."""

    def score(self, requests: Sequence[ScoreRequest], gold: bool = False) -> list[PanelScore]:
        found = []
        for request in requests:
            noise = int(md5(request.subject_id.encode()).hexdigest()[:4], 16) / 2**16 / 50
            gain = 0.0 if request.reason is None else noise + (0.1 if request.reason == TELLING else 0.0)
            found.append(PanelScore(tuple("abcde"), tuple("abcde"), np.full(5, gain / (2 if gold else 1))))
        return found


def evaluated(aligned: str, policy: str, subjects: Sequence[RLSubject] = SUBJECTS):
    table = evaluate_policy(
        Writes(aligned), Writes(policy), subjects, Panels(), PolicyConfig(prior_events=5), GateConfig(), GROUNDING, 0
    )
    assert table.schema == EVALUATIONS
    return {(row["arm"], row["metric"], row["slice"]): row for row in table.to_pylist()}


@pytest.mark.parametrize("metric", ["reward", "acceptance_reward", "gold_reward"])
def test_a_policy_that_writes_better_is_above_the_aligned_model_on_every_panel_and_side(metric):
    rows = evaluated(DULL, TELLING)
    for name in ("all", "item", "user"):
        row = rows[CONTRAST, metric, name]
        # Panels of five events with five more of zero gain: half of the gain is left.
        assert row["value"] == pytest.approx(0.05 / (2 if metric == "gold_reward" else 1))
        assert row["ci_low"] > 0
        assert row["n"] == (40 if name == "all" else 20)


def test_the_policy_is_also_held_against_the_template_on_every_panel():
    rows = evaluated(TELLING, TELLING)
    assert rows[BESIDE_EVIDENCE, "reward", "all"]["value"] == pytest.approx(0.05)
    assert rows[BESIDE_EVIDENCE, "gold_reward", "user"]["value"] == pytest.approx(0.025)
    assert rows["evidence_text", "acceptance_reward", "item"]["n"] == 20
    assert ("evidence_text", "tokens", "all") not in rows


def test_a_policy_that_writes_the_same_is_told_apart_in_nothing():
    for (arm, _, _), row in evaluated(TELLING, TELLING).items():
        if arm == CONTRAST:
            assert row["value"] == 0
            assert row["ci_low"] in (0, None)


def test_a_text_that_fails_the_format_gate_is_worth_nothing():
    rows = evaluated(TELLING, "1. a list\n2. of things")
    assert rows["rl_policy", "reward", "all"]["value"] == 0
    assert rows["rl_policy", "format_share", "all"]["value"] == 0
    assert rows["rl_policy", "distinct_2", "all"]["value"] is None
    assert rows[CONTRAST, "reward", "all"]["ci_high"] < 0


def test_claims_beyond_the_evidence_are_counted():
    rows = evaluated(TELLING, "people who like Heat also like quiet evenings a lot.")
    assert rows["aligned_llm", "grounded_share", "all"]["value"] == 1
    assert rows["rl_policy", "grounded_share", "all"]["value"] == 0
    assert rows["rl_policy", "format_share", "all"]["value"] == 1


def test_without_subjects_there_are_no_rows():
    assert evaluated(DULL, TELLING, []) == {}


def test_what_is_told_is_counted_among_those_who_have_it_to_tell():
    rows = evaluated(DULL, TELLING, [*SUBJECTS, RLSubject("user", "bare", {**SUBJECTS[1].evidence_row, "facts": []})])
    assert rows["rl_policy", "tells_liked_category", "all"]["value"] == 1
    assert rows["aligned_llm", "tells_liked_category", "all"]["value"] == 0
    assert rows[CONTRAST, "tells_liked_category", "user"]["n"] == 20
    assert (CONTRAST, "tells_co_liked", "all") not in rows


def test_diversity_falls_when_texts_repeat():
    varied = ["fans of slow films", "people who laugh", "anyone with children"]
    assert distinct_2(varied) == 1
    assert near_duplicate_share(varied) == 0
    repeated = ["fans of slow films"] * 3
    assert distinct_2(repeated) == pytest.approx(1 / 3)
    assert near_duplicate_share(repeated) == 1
