import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.aligned_llm.histories import Standing, VisibleEvents, latest_rows, shown_items
from curec_assets.aligned_llm.standing import crowd_words, known_words, leniency_words
from curec_assets.aligned_llm.tasks import Example, choose_examples, explain_examples, judge_examples
from curec_assets.evidence.titles import without_years
from curec_assets.interactions.groups import subject_group
from tests.aligned_llm.recorded_world import (
    ITEMS,
    START,
    USERS,
    cleaned_table,
    cleaned_world,
    event,
    evidence_row,
    evidence_table,
    evidence_world,
    title,
)

CONFIG = AlignmentConfig(judge_examples=40, choose_examples=20, explain_examples=20, min_likes=1)
SHOWN = shown_items(latest_rows(evidence_world()))


def examples_of(cleaned: pa.Table, seed: int = 0) -> list[Example]:
    events = VisibleEvents(cleaned, SHOWN)
    rng = np.random.default_rng(seed)
    return [*judge_examples(events, CONFIG, rng), *choose_examples(events, CONFIG, rng)]


def with_labels(cleaned: pa.Table, labels: list[int]) -> pa.Table:
    place = cleaned.schema.get_field_index("label")
    return cleaned.set_column(place, cleaned.schema.field("label"), pa.array(labels, pa.int8()))


def test_only_events_of_evidence_users_on_evidence_items_are_visible() -> None:
    events = VisibleEvents(cleaned_world(), SHOWN)
    assert 0 < len(events) < cleaned_world().num_rows
    assert {subject_group(user) for user in events.user_ids} == {"evidence"}
    assert {subject_group(item) for item in events.item_ids} == {"evidence"}


def test_history_is_strictly_earlier_so_ties_are_not_history() -> None:
    user, (first, tied, now) = USERS[0], ITEMS[:3]
    events = VisibleEvents(
        cleaned_table([event(user, first, 1, 1), event(user, tied, 2, 1), event(user, now, 2, 0)]), SHOWN
    )
    row = events.item_ids.index(now)
    likes, dislikes = events.before(row)
    assert [item.title for item in likes] == [title(first)]
    assert dislikes == []


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 5), st.integers(0, 1)), max_size=40))
def test_no_history_reaches_its_event_and_no_stranger_was_met(rows: list[tuple[int, int, int, int]]) -> None:
    distinct = {(user, item): (day, label) for user, item, day, label in rows}
    cleaned = cleaned_table(
        [event(USERS[user], ITEMS[item], day, label) for (user, item), (day, label) in distinct.items()]
    )
    events = VisibleEvents(cleaned, SHOWN)
    day_of = {(USERS[user], ITEMS[item]): day for (user, item), (day, _) in distinct.items()}
    for row in range(len(events)):
        user, item = events.user_ids[row], events.item_ids[row]
        likes, dislikes = events.before(row)
        assert all(day_of[user, other.item_id] < day_of[user, item] for other in [*likes, *dislikes])
        for stranger in events.strangers(row):
            assert day_of.get((user, stranger.item_id), 99) > day_of[user, item]
            assert min(day for (_, seen), day in day_of.items() if seen == stranger.item_id) <= day_of[user, item]


def test_a_standing_counts_what_came_strictly_before_alone() -> None:
    one, other, item = USERS[0], USERS[1], ITEMS[0]
    events = VisibleEvents(
        cleaned_table(
            [event(one, item, 1, 1), event(other, item, 2, 0), event(other, ITEMS[1], 2, 1), event(one, ITEMS[1], 3, 0)]
        ),
        SHOWN,
    )
    row = next(row for row in range(len(events)) if (events.user_ids[row], events.item_ids[row]) == (other, item))
    assert events.item_standing(item, int(events.times[row])) == Standing(events=1, likes=1)
    assert events.item_standing(item, int(events.times[row]) + 1) == Standing(events=2, likes=1)
    assert events.user_standing(row) == Standing(events=0, likes=0)
    last = next(row for row in range(len(events)) if (events.user_ids[row], events.item_ids[row]) == (one, ITEMS[1]))
    assert events.user_standing(last) == Standing(events=1, likes=1)
    assert events.events_an_item(int(events.times[last])) == 1.5


def test_words_follow_the_standing() -> None:
    assert crowd_words(Standing(0, 0)) == "nobody has met it yet"
    rates = [crowd_words(Standing(20, likes)) for likes in (2, 10, 13, 19)]
    assert rates == ["few like it", "half like it", "most like it", "nearly all like it"]
    assert [leniency_words(Standing(20, likes)) for likes in (2, 19)] == ["likes few", "likes nearly all"]
    assert known_words(Standing(30, 0), 10.0) == "very many know it"
    assert known_words(Standing(0, 0), 10.0) == known_words(Standing(0, 0), 0.0) == "few know it"


def test_quarantined_rows_and_sampled_negatives_are_no_history() -> None:
    user = USERS[0]
    events = VisibleEvents(
        cleaned_table(
            [
                event(user, ITEMS[0], 1, 1, quarantine_code="bad"),
                event(user, ITEMS[1], 1, 0, source_row=None),
                event(user, ITEMS[2], 2, 1),
            ]
        ),
        SHOWN,
    )
    assert len(events) == 2
    assert events.before(events.item_ids.index(ITEMS[2])) == ([], [])


def test_the_outcome_of_an_event_never_enters_its_prompt() -> None:
    cleaned = cleaned_world()
    last_day = max(cleaned["ts"].to_pylist())
    labels = cleaned["label"].to_pylist()
    # Events of the last day are nobody's history, so turning them over may change answers but no prompt.
    turned = [
        1 - label if ts == last_day else label for label, ts in zip(labels, cleaned["ts"].to_pylist(), strict=True)
    ]
    config = CONFIG.model_copy(update={"judge_examples": 200, "recent_pool": 100})
    rng = np.random.default_rng
    one = judge_examples(VisibleEvents(cleaned, SHOWN), config, rng(0))
    other = judge_examples(VisibleEvents(with_labels(cleaned, turned), SHOWN), config, rng(0))
    answers = {example.prompt: example.answer for example in one}
    assert {example.prompt for example in other} == set(answers)
    assert any(answers[example.prompt] != example.answer for example in other)


def test_judge_is_balanced_and_answers_follow_the_labels() -> None:
    examples = [example for example in examples_of(cleaned_world()) if example.task == "judge"]
    yes = sum(example.answer == "yes" for example in examples)
    assert abs(2 * yes - len(examples)) <= 1
    for example in examples:
        assert (example.answer == "no") == (
            "dislike" in example.verbalised or "not" in example.verbalised or "far from" in example.verbalised
        )


def test_judge_is_left_out_while_only_one_outcome_was_ever_seen() -> None:
    cleaned = cleaned_world()
    assert {x.task for x in examples_of(with_labels(cleaned, [1] * cleaned.num_rows))} == {"choose"}


def test_choose_asks_of_the_item_that_came_next_and_of_one_that_did_not_by_turns() -> None:
    examples = [example for example in examples_of(cleaned_world()) if example.task == "choose"]
    assert [example.answer for example in examples] == ["yes", "no"] * 10
    for came, stranger in zip(examples[::2], examples[1::2], strict=True):
        assert came.told["title"] != stranger.told["title"]
        histories = {example.prompt[-1][1].split("Liked: ")[1].split("Others: ")[0] for example in (came, stranger)}
        assert len(histories) == 1, "both are asked of one person at one moment"
        for example in (came, stranger):
            assert f"choose {without_years(example.told['title'])} (" in example.prompt[-1][1]


def test_examples_depend_on_the_seed_but_not_on_the_order_of_rows() -> None:
    cleaned = cleaned_world()
    shuffled = cleaned.take(pa.array(np.random.default_rng(1).permutation(cleaned.num_rows)))
    assert examples_of(shuffled) == examples_of(cleaned)
    assert examples_of(cleaned, seed=1) != examples_of(cleaned)


def test_later_events_do_not_change_a_history() -> None:
    cleaned = cleaned_world()
    early = cleaned.filter(pa.compute.less(cleaned["ts"], pa.scalar(START.replace(day=4))))
    all_events, early_events = VisibleEvents(cleaned, SHOWN), VisibleEvents(early, SHOWN)
    for row in range(len(early_events)):
        same = all_events.event_ids.index(early_events.event_ids[row])
        assert all_events.before(same) == early_events.before(row)
        assert all_events.strangers(same) == early_events.strangers(row)


def test_of_several_evidence_rows_the_latest_counts() -> None:
    item = ITEMS[0]
    old = evidence_row("item", item, as_of=START, evidence_text="old")
    (row,) = latest_rows(evidence_table([evidence_row("item", item, evidence_text="new"), old]))
    assert row["evidence_text"] == "new"


def test_explain_takes_both_sides_and_shows_some_items_by_metadata_alone() -> None:
    examples = explain_examples(latest_rows(evidence_world()), CONFIG, np.random.default_rng(0))
    assert len(examples) == 20
    questions = [example.prompt[-1][1] for example in examples]
    assert sum("What does this person like" in question for question in questions) == 10
    bare = [example for example in examples if "Fans also like" not in example.prompt[-1][1]][:10]
    assert sum(not example.told["facts"] for example in bare) == 2


def test_subjects_without_facts_are_not_explained() -> None:
    rows = latest_rows(evidence_table([evidence_row("item", ITEMS[0], facts=[])]))
    assert explain_examples(rows, CONFIG, np.random.default_rng(0)) == []


def test_half_of_the_items_have_friends_and_tastes_to_tell_even_where_few_have() -> None:
    taste, friend = ({"kind": kind, "text": kind, "weight": 1.0} for kind in ("liker_category", "co_liked"))
    rows = [
        evidence_row("item", ITEMS[0], facts=[taste, friend] if number % 10 == 0 else [taste])
        | {"subject_id": str(number), "evidence_text": "told"}
        for number in range(200)
    ]
    config = AlignmentConfig(explain_examples=20, metadata_share=0)
    told = [example.told for example in explain_examples(rows, config, np.random.default_rng(0))]
    assert len({row["subject_id"] for row in told}) == len(told) == 10
    assert sum(friend in row["facts"] for row in told) >= 5


@pytest.mark.parametrize("count", [0, 1, 3])
def test_budgets_are_kept(count: int) -> None:
    config = AlignmentConfig(judge_examples=count, choose_examples=count, explain_examples=count, min_likes=1)
    events, rng = VisibleEvents(cleaned_world(), SHOWN), np.random.default_rng(0)
    assert len(judge_examples(events, config, rng)) == count
    assert len(choose_examples(events, config, rng)) == count
    assert len(explain_examples(latest_rows(evidence_world()), config, rng)) == count
