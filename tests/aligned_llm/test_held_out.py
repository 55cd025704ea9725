from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from curec_assets.aligned_llm.config import AlignmentConfig, HeldOutConfig
from curec_assets.aligned_llm.held_out import HeldOut, evaluate_alignment
from curec_assets.aligned_llm.histories import ALL_GROUPS, VisibleEvents, latest_rows, shown_items
from curec_assets.configuration.windows import Window
from curec_assets.evidence.titles import without_years
from curec_assets.interactions.groups import subject_group
from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.language_model.adapters import new_adapter, save_adapter
from curec_assets.language_model.beside import open_beside
from curec_assets.language_model.config import AdapterConfig, SamplingConfig
from curec_assets.language_model.generation import Sample, TransformersGenerator
from curec_assets.language_model.loading import load_base_model, load_language_model
from curec_assets.language_model.prompts import YES_NO, Prompt
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from tests.aligned_llm.recorded_world import (
    ITEMS,
    START,
    USERS,
    cleaned_table,
    cleaned_world,
    event,
    evidence_table,
    evidence_world,
    taste,
    title,
)
from tests.language_model.tiny_model import TINY

WINDOW = Window("w", START + timedelta(days=3), START + timedelta(days=6))
CONFIG = HeldOutConfig(judge_events=40, choose_events=30, explain_subjects=16)
ALIGNMENT = AlignmentConfig(min_likes=1)
EVIDENCE = evidence_table([row | {"as_of": WINDOW.start} for row in evidence_world().to_pylist()])
GROUNDED = "people who like quiet stories and warm scenes like it too."
UNGROUNDED = "people who like Casablanca and warm scenes like it too."
BASE, ALIGNED, COUNTS, CONTRAST = "base", "aligned", "counts", "aligned − base"


def liked(question: str) -> str:
    """The taste of the user asked about, by the latest liked title."""
    first = question.split("Liked: ")[1].split(";")[0].split(".")[0]
    return taste(ITEMS.index(first.removeprefix("Film ")))


@dataclass
class Recorded:
    """Answers by the taste it reads from the history, turned round where ``right`` is false."""

    right: bool = True
    text: str = GROUNDED
    asked: list[Prompt] = field(default_factory=list)
    wrote: list[Prompt] = field(default_factory=list)

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        assert n == 1
        self.wrote += prompts
        return [[Sample(self.text, 10, True)] for _ in prompts]

    def choice_probabilities(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> np.ndarray:
        self.asked += prompts
        return np.array([self._answer(prompt[1][1], choices) for prompt in prompts])

    def _answer(self, question: str, choices: Sequence[str]) -> list[float]:
        assert tuple(choices) == YES_NO
        yes = (f"({liked(question)})" in question.split("?")[0]) == self.right
        return [0.9, 0.1] if yes else [0.2, 0.8]


def measured(base: Any = None, aligned: Any = None, cleaned: pa.Table | None = None, **changes: Any) -> HeldOut:
    arguments: dict[str, Any] = {
        "base": base or Recorded(right=False),
        "aligned": aligned or Recorded(),
        "evidence": EVIDENCE,
        "cleaned": cleaned_world() if cleaned is None else cleaned,
        "window": WINDOW,
        "config": CONFIG,
        "alignment": ALIGNMENT,
        "gate": GateConfig(),
        "seed": 5,
    }
    return evaluate_alignment(**(arguments | changes))


def row_of(held: HeldOut, metric: str, arm: str, name: str = "all") -> dict[str, Any]:
    keys = (metric, arm, name)
    return next(x for x in held.evaluations.to_pylist() if (x["metric"], x["arm"], x["slice"]) == keys)


def value(held: HeldOut, metric: str, arm: str, name: str = "all") -> Any:
    return row_of(held, metric, arm, name)["value"]


def unstamped(held: HeldOut) -> tuple[Any, ...]:
    counts = {name: count for name, count in held.metrics.items() if not name.endswith("_seconds")}
    return held.evaluations.to_pylist(), held.pairs, counts


def test_known_probabilities_give_a_known_auc_and_contrast() -> None:
    held = measured()
    assert [value(held, "judge_auc", arm) for arm in (BASE, ALIGNED, CONTRAST)] == [0.0, 1.0, 1.0]
    assert row_of(held, "judge_auc", ALIGNED)["n"] == held.metrics["judge_events"] == 40


def test_known_probabilities_give_a_known_accuracy() -> None:
    @dataclass
    class Takes(Recorded):
        """Says yes to the candidate at one place of each four."""

        place: int = 0

        def choice_probabilities(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> np.ndarray:
            yes = np.where(np.arange(len(prompts)) % 4 == self.place, 0.6, 0.4)
            return np.stack([yes, 1 - yes], axis=1)

    shares = [value(measured(aligned=Takes(place=place)), "choose_accuracy", ALIGNED) for place in range(4)]
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) > 0, "the item that came next has no place of its own"
    held = measured()
    assert value(held, "choose_accuracy", CONTRAST) > 0
    assert row_of(held, "choose_accuracy", ALIGNED)["n"] == held.metrics["choose_events"] == 30


def test_counting_needs_no_model_and_knows_what_the_prompt_tells_and_no_more() -> None:
    loved, hated = ITEMS[0], ITEMS[1]
    before = [event(user, item, day, int(item == loved)) for user in USERS for day, item in ((0, loved), (1, hated))]
    known = [event(user, loved, 0.5, 1) for user in USERS[:8]]
    fans, others = USERS[8:12], USERS[12:16]
    asked = [event(user, ITEMS[5], 4, 1) for user in fans] + [event(user, ITEMS[6], 4, 0) for user in others]
    table = cleaned_table([*before, *known, *asked])
    as_it_was = value(measured(cleaned=table), "judge_auc", COUNTS)
    assert as_it_was == value(measured(Recorded(), Recorded(right=False), cleaned=table), "judge_auc", COUNTS) == 0.5

    told = [event(user, ITEMS[5], 2.5, 1) for user in USERS[:4]] + [event(user, ITEMS[6], 2.5, 0) for user in USERS[:4]]
    late = [row | {"ts": row["ts"] + timedelta(days=1.5)} for row in told]
    assert value(measured(cleaned=cleaned_table([*before, *known, *asked, *told])), "judge_auc", COUNTS) == 1.0
    simultaneous = measured(cleaned=cleaned_table([*before, *known, *asked, *late]))
    assert value(simultaneous, "judge_auc", COUNTS) == 0.5, "events of the same instant are not known"


def test_counting_chooses_what_most_people_met() -> None:
    crowd = [event(user, ITEMS[2], 0, 1) for user in USERS]
    few = [event(USERS[place], item, 0, 1) for place, item in enumerate(ITEMS[3:9])]
    liked_next = [event(user, ITEMS[2], 4, 1) for user in USERS[8:]]
    held = measured(cleaned=cleaned_table([*crowd, *few, *liked_next]))
    assert value(held, "choose_accuracy", COUNTS) == 1.0


def test_as_many_candidates_are_asked_about_as_configured_and_one_of_them_came_next() -> None:
    model = Recorded()
    config = HeldOutConfig(judge_events=0, choose_events=7, candidates=3, explain_subjects=0)
    held = measured(aligned=model, config=config)
    assert len(model.asked) == 7 * 3
    assert row_of(held, "choose_accuracy", ALIGNED)["n"] == 7


def test_texts_are_counted_by_gate_and_grounding_on_each_side() -> None:
    held = measured(base=Recorded(text="No."), aligned=Recorded(text=UNGROUNDED))
    for name, n in (("all", 16), ("item", 8), ("user", 8)):
        assert row_of(held, "explain_parse_share", ALIGNED, name)["n"] == n
        assert value(held, "explain_parse_share", BASE, name) == 0.0
        assert value(held, "explain_parse_share", CONTRAST, name) == 1.0
        assert value(held, "explain_grounded_share", ALIGNED, name) == 0.0
    assert value(measured(), "explain_grounded_share", ALIGNED) == 1.0


def test_intervals_cover_the_value_and_widen_with_doubt() -> None:
    class Hashed(Recorded):
        def _answer(self, question: str, choices: Sequence[str]) -> list[float]:
            yes = (sum(map(ord, question)) % 97) / 97
            return [yes, 1 - yes] if len(choices) == 2 else super()._answer(question, choices)

    held = measured(base=Hashed())
    for row in held.evaluations.to_pylist():
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
    doubtful, sure = row_of(held, "judge_auc", BASE), row_of(held, "judge_auc", ALIGNED)
    assert doubtful["ci_high"] - doubtful["ci_low"] > 0.05
    assert sure["ci_high"] == sure["ci_low"] == 1.0


def test_rows_have_the_schema_and_every_arm() -> None:
    evaluations = measured().evaluations
    assert evaluations.schema.equals(EVALUATIONS)
    assert evaluations.num_rows == 5 * (1 + 1) + 3 * (3 + 3), "counting writes no texts"
    assert set(evaluations["subject"].to_pylist()) == {"aligned_llm"}
    assert evaluations["backbone"].null_count == evaluations.num_rows


def test_labels_of_the_last_instant_and_of_later_events_never_enter_a_prompt() -> None:
    cleaned = cleaned_world()
    last = max(cleaned["ts"].to_pylist())
    later = [event(user, item, 20, 1) for user in USERS for item in ITEMS[:3]]
    first, second = Recorded(), Recorded()
    judge = HeldOutConfig(judge_events=1000, choose_events=0, explain_subjects=0)
    turned = [row | {"label": 1 - row["label"]} if row["ts"] == last else row for row in [*cleaned.to_pylist(), *later]]
    window = Window("w", last, last + timedelta(days=1))
    one = measured(aligned=first, window=window, config=judge, evidence=EVIDENCE)
    other = measured(aligned=second, window=window, config=judge, cleaned=cleaned_table(turned))
    assert len(first.asked) > 20
    assert set(first.asked) == set(second.asked)
    assert value(one, "judge_auc", ALIGNED) == 1.0
    assert value(other, "judge_auc", ALIGNED) == 0.0


def test_no_prompt_holds_a_hint() -> None:
    model = Recorded()
    measured(aligned=model)
    assert all(prompt[-1] == ("assistant", "Answer:") for prompt in model.asked)
    assert "right answer" not in str([*model.asked, *model.wrote])


def test_history_is_strictly_before_the_event() -> None:
    user, (before, tied, now, after) = USERS[0], ITEMS[:4]
    rows = [event(user, before, 2, 1), event(user, tied, 4, 1), event(user, now, 4, 0), event(user, after, 5, 1)]
    model = Recorded()
    measured(aligned=model, cleaned=cleaned_table(rows), config=HeldOutConfig(choose_events=0, explain_subjects=0))
    (asked,) = [prompt[1][1] for prompt in model.asked if f"like {without_years(title(now))} " in prompt[1][1]]
    assert f"Liked: {without_years(title(before))}." in asked
    assert without_years(title(tied)) not in asked
    assert without_years(title(after)) not in asked


def test_events_before_the_window_are_not_asked_about() -> None:
    early = cleaned_world().filter(pa.compute.less(cleaned_world()["ts"], pa.scalar(WINDOW.start)))
    held = measured(cleaned=early)
    assert {row["n"] for row in held.evaluations.to_pylist()} == {0}
    assert all(row["value"] is None and row["ci_low"] is None for row in held.evaluations.to_pylist())
    assert held.pairs == []


def test_one_label_alone_has_no_auc_but_an_accuracy() -> None:
    likes = cleaned_world().filter(pa.compute.equal(cleaned_world()["label"], 1))
    held = measured(cleaned=likes)
    assert value(held, "judge_auc", ALIGNED) is None
    assert value(held, "choose_accuracy", ALIGNED) is not None


def test_judge_is_balanced_as_far_as_the_window_allows() -> None:
    model = Recorded()
    held = measured(aligned=model, config=HeldOutConfig(judge_events=10, choose_events=0, explain_subjects=0))
    said_yes = model.choice_probabilities(list(model.asked), YES_NO)[:, 0] > 0.5
    assert (held.metrics["judge_events"], said_yes.sum()) == (10, 5)


def test_users_and_items_of_all_groups_are_asked_about() -> None:
    events = VisibleEvents(cleaned_world(), shown_items(latest_rows(EVIDENCE)), ALL_GROUPS)
    assert len(events) == cleaned_world().num_rows
    assert {subject_group(user) for user in events.user_ids} == {"evidence", "acceptance"}
    held = measured(config=HeldOutConfig(explain_subjects=1000))
    assert {subject_group(pair["subject_id"]) for pair in held.pairs} > {"evidence"}


def test_evidence_of_the_window_itself_is_not_read() -> None:
    future = evidence_table([row | {"as_of": WINDOW.end, "facts": []} for row in evidence_world().to_pylist()])
    assert unstamped(measured(evidence=pa.concat_tables([EVIDENCE, future]))) == unstamped(measured())


def test_sampled_negatives_are_judged_but_are_neither_chosen_nor_explained() -> None:
    cleaned = cleaned_world().to_pylist()
    drawn = cleaned_table([row | {"source_row": 1 if row["label"] else None} for row in cleaned])
    held = measured(cleaned=drawn)
    assert value(held, "judge_auc", ALIGNED) == 1.0
    assert held.metrics["choose_events"] > 0


def test_the_order_of_rows_does_not_matter_but_the_seed_does() -> None:
    rng, cleaned = np.random.default_rng(1), cleaned_world()
    shuffled = cleaned.take(pa.array(rng.permutation(cleaned.num_rows)))
    evidence = EVIDENCE.take(pa.array(rng.permutation(EVIDENCE.num_rows)))
    assert unstamped(measured(cleaned=shuffled, evidence=evidence)) == unstamped(measured())
    assert measured(seed=6).pairs != measured().pairs


def test_pairs_are_up_to_twenty_texts_as_written() -> None:
    held = measured(base=Recorded(text="No."), config=HeldOutConfig(explain_subjects=40))
    assert len(held.pairs) == 20
    assert set(held.pairs[0]) == {"side", "subject_id", "title", "base", "aligned"}
    assert {(pair["base"], pair["aligned"]) for pair in held.pairs} == {("No.", GROUNDED)}
    assert {pair["title"] is None for pair in held.pairs if pair["side"] == "user"} == {True}
    assert {pair["side"] for pair in held.pairs} == {"item", "user"}


@pytest.mark.parametrize("left_out", ["judge_events", "choose_events", "explain_subjects"])
def test_a_task_of_zero_is_left_out(left_out: str) -> None:
    held = measured(config=CONFIG.model_copy(update={left_out: 0}))
    task = left_out.split("_")[0]
    assert not any(name.startswith(task) for name in [*held.metrics, *held.evaluations["metric"].to_pylist()])
    assert len(held.metrics) == 4


def test_the_tiny_model_is_measured_with_and_without_its_adapter(tiny_base: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, _ = load_base_model(tiny_base, "float32")
    adapted = new_adapter(model, AdapterConfig(rank=4, alpha=64.0, layers=2))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    save_adapter(adapted, tmp_path, tiny_base.name)
    sampling = SamplingConfig(max_new_tokens=12)
    base, aligned = open_beside(tiny_base, [tmp_path], TINY, sampling)
    config = HeldOutConfig(judge_events=6, choose_events=4, explain_subjects=4)
    held = measured(base, aligned, config=config)
    assert {row["n"] for row in held.evaluations.to_pylist()} == {6, 4, 2}
    assert any(pair["base"] != pair["aligned"] for pair in held.pairs)
    assert unstamped(measured(base, aligned, config=config)) == unstamped(held)
    plain = TransformersGenerator(*load_language_model(tiny_base, [], "float32"), sampling, TINY)
    questions: list[Prompt] = [
        (("user", f"Would {name} like Film {number}?"),) for number, name in enumerate(("Ann", "Bo", "Cy"))
    ]
    bare = plain.choice_probabilities(questions, YES_NO)
    np.testing.assert_allclose(base.choice_probabilities(questions, YES_NO), bare, atol=1e-5)
    assert np.abs(aligned.choice_probabilities(questions, YES_NO) - bare).max() > 1e-3
