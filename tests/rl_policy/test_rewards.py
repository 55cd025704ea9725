import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.rewards import RewardShaper, RLCompletion, RLSubject
from tests.language_model.tiny_model import EMMA, HEAT

CONFIG = PolicyConfig(reward_clip=3.0, fault_penalty=1.0, penalised_faults=2, format_floor=-4.0)
GATE = GateConfig(min_names=0)
GROUNDING = Grounding(["Heat (1995)", "Alien (1979)", "Tootsie (1982)", "Platoon (1986)"], ["Action", "Crime"])
ITEM = RLSubject("item", "heat", HEAT)
USER = RLSubject("user", "emma", EMMA)
PLAIN = "People like it for its quiet scenes and long silences."
OTHER = "People like it for its loud scenes and long chases."
BROKEN = "- good"


def shaper(values: dict[str, float], config: PolicyConfig = CONFIG, gold: float | None = None) -> RewardShaper:
    return RewardShaper(
        lambda completions: [values[completion.text] for completion in completions],
        None if gold is None else lambda completions: [gold] * len(completions),
        config,
        GATE,
        GROUNDING,
    )


def test_a_text_that_fails_the_format_gate_gets_the_floor_and_is_not_scored() -> None:
    scores = shaper({PLAIN: 0.1, OTHER: 0.2}).score([ITEM] * 3, [PLAIN, BROKEN, OTHER])
    assert scores.rewards == pytest.approx([-(0.5**0.5), -4.0, 0.5**0.5])
    assert scores.log["format_pass_share"] == pytest.approx(2 / 3)
    assert scores.log["panel_reward"] == pytest.approx(0.15)


def test_a_batch_where_nothing_passes_is_all_floor() -> None:
    scores = shaper({}).score([ITEM] * 2, [BROKEN, ""])
    assert scores.rewards == [-4.0, -4.0]
    assert scores.log == {"format_pass_share": 0.0, "grounded_share": 0.0}


def test_each_ungrounded_claim_costs_up_to_a_cap() -> None:
    texts = [
        PLAIN,
        "People who like Alien also like it for its scenes.",
        "People who like Alien, Tootsie and Platoon also like it for its scenes.",
    ]
    scores = shaper(dict.fromkeys(texts, 0.3)).score([ITEM] * 3, texts)
    assert scores.rewards == pytest.approx([0.0, -1.0, -2.0])
    assert scores.log["grounded_share"] == pytest.approx(1 / 3)


def test_naming_nothing_of_the_evidence_costs_as_much_as_a_false_name() -> None:
    texts = [PLAIN, f"{PLAIN} It has much of its {HEAT['categories'][0]} about it."]
    asked = RewardShaper(lambda completions: [0.3] * len(completions), None, CONFIG, GateConfig(min_names=1), GROUNDING)
    scores = asked.score([ITEM] * 2, texts)
    assert scores.rewards == pytest.approx([-1.0, 0.0])
    assert scores.log["grounded_share"] == 1.0


def test_item_and_user_rewards_are_standardised_apart() -> None:
    values = {PLAIN: 100.0, OTHER: 102.0}
    scaled = RewardShaper(
        lambda completions: [values[c.text] * (0.001 if c.side == "user" else 1.0) for c in completions],
        None,
        CONFIG,
        GATE,
        GROUNDING,
    ).score([ITEM, ITEM, USER, USER], [PLAIN, OTHER, PLAIN, OTHER])
    assert scaled.rewards == pytest.approx([-(0.5**0.5), 0.5**0.5] * 2)


def test_how_subjects_differ_from_one_another_does_not_shrink_how_texts_of_one_do() -> None:
    rewards = iter([100.0, 100.2, -50.0, -49.8])
    apart = RewardShaper(lambda completions: [next(rewards) for _ in completions], None, CONFIG, GATE, GROUNDING)
    other = RLSubject("item", "alien", HEAT)
    scores = apart.score([ITEM, ITEM, other, other], [PLAIN, OTHER, PLAIN, OTHER])
    assert scores.rewards == pytest.approx([-(0.5**0.5), 0.5**0.5] * 2)


def test_the_spread_of_one_subjects_texts_runs_over_batches_and_survives_a_kill() -> None:
    running = shaper({PLAIN: 0.0, OTHER: 1.0})
    running.score([ITEM] * 2, [PLAIN, OTHER])
    resumed = shaper({PLAIN: 0.0, OTHER: 3.0})
    resumed.restore(running.state())
    # Squares about the mean: .5 of the first pair, 4.5 of the second, one degree of freedom each.
    assert resumed.score([ITEM] * 2, [PLAIN, OTHER]).rewards == pytest.approx([-1.5 / 2.5**0.5, 1.5 / 2.5**0.5])


def test_a_text_alone_is_neither_good_nor_bad() -> None:
    running = shaper({PLAIN: 0.0, OTHER: 1.0})
    running.score([ITEM] * 2, [PLAIN, OTHER])
    assert running.score([ITEM], [OTHER]).rewards == [0.0]


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_a_passing_text_always_beats_a_failing_one_within_the_clip(values: list[float]) -> None:
    queue = list(values)
    scores = RewardShaper(lambda completions: [queue.pop(0) for _ in completions], None, CONFIG, GATE, GROUNDING).score(
        [ITEM] * (len(values) + 1), [*[PLAIN] * len(values), BROKEN]
    )
    assert all(-3.0 <= reward <= 3.0 for reward in scores.rewards[:-1])
    assert min(scores.rewards[:-1]) > scores.rewards[-1]


def test_scorers_see_tidied_texts_and_gold_is_only_watched() -> None:
    seen: list[RLCompletion] = []

    def reward(completions: list[RLCompletion]) -> list[float]:
        seen.extend(completions)
        return [0.5] * len(completions)

    raw = f'"{PLAIN} And then it'
    scores = RewardShaper(reward, lambda c: [9.0] * len(c), CONFIG, GATE, GROUNDING).score([ITEM], [raw])
    assert seen == [RLCompletion("item", "heat", PLAIN)]
    assert scores.log["gold"] == 9.0
    assert scores.rewards == [0.0]


@pytest.mark.parametrize("answer", [[], [float("nan")], [1.0, 2.0]])
def test_a_scorer_that_answers_amiss_is_refused(answer: list[float]) -> None:
    with pytest.raises(ValueError, match="expected 1 finite panel rewards"):
        RewardShaper(lambda _: answer, None, CONFIG, GATE, GROUNDING).score([ITEM], [PLAIN])


def test_micro_batches_must_fill_a_step() -> None:
    with pytest.raises(ValueError, match=r"micro_batch \(5\) must divide"):
        PolicyConfig(prompts_per_step=4, group_size=4, micro_batch=5)
