"""Features of an event know nothing of its own instant or later."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.reward_model.features import EventFeatures, event_features
from tests.reward_model.worlds import cleaned_table, shuffled

CATALOGUE = ["i0", "i1", "i2"]
PRIOR = 2.0
events_lists = st.lists(
    st.tuples(
        st.sampled_from(["u0", "u1", "u2"]),
        st.sampled_from([*CATALOGUE, "unknown"]),
        st.integers(0, 6),
        st.integers(0, 1),
    ),
    max_size=25,
    unique_by=lambda event: event[:3],
)


def described(features: EventFeatures) -> dict[str, tuple[list[tuple[int, float]], list[float]]]:
    """Each event's history as (item, label) and its rates, by event id."""
    return {
        event: (
            [(int(features.item[past]), float(features.label[past])) for past in features.history[row] if past >= 0],
            features.rates[row].tolist(),
        )
        for row, event in enumerate(features.event_ids)
    }


@settings(max_examples=60)
@given(events=events_lists, cut=st.integers(0, 6), seed=st.integers(0, 5))
def test_garbage_at_or_after_an_instant_changes_no_feature_of_events_up_to_it(events, cut, seed):
    rng = np.random.default_rng(seed)
    poisoned = [e if e[2] < cut else (*e[:3], int(rng.integers(2))) for e in events]
    poisoned += [(user, item, minute, 1) for user in ("u0", "u1") for item in ("i2", "x") for minute in (cut, cut + 9)]
    poisoned = list({event[:3]: event for event in poisoned}.values())
    before = described(event_features(cleaned_table(events), CATALOGUE, 4, PRIOR))
    after = described(event_features(cleaned_table(poisoned), CATALOGUE, 4, PRIOR))
    for user, item, minute, _ in events:
        if minute <= cut:
            assert after[f"{user}-{item}-{minute}"] == before[f"{user}-{item}-{minute}"]


@settings(max_examples=40)
@given(events=events_lists)
def test_histories_and_rates_are_those_of_a_plain_count_of_earlier_events(events):
    features = event_features(cleaned_table(events), CATALOGUE, 30, PRIOR)
    by_id = {f"{u}-{i}-{m}": (u, i, m, label) for u, i, m, label in events}
    for row, event in enumerate(features.event_ids):
        user, item, minute, _ = by_id[event]
        earlier = [past for past in by_id.values() if past[2] < minute]
        history = {features.event_ids[past] for past in features.history[row] if past >= 0}
        assert history == {f"{u}-{i}-{m}" for u, i, m, _ in earlier if u == user}
        everyone = (sum(past[3] for past in earlier) + 0.5 * PRIOR) / (len(earlier) + PRIOR)
        for column, kept in ((0, [p for p in earlier if p[1] == item]), (1, [p for p in earlier if p[0] == user])):
            rate = (sum(past[3] for past in kept) + PRIOR * everyone) / (len(kept) + PRIOR)
            rate = min(max(rate, 1e-4), 1 - 1e-4)
            np.testing.assert_allclose(features.rates[row, column], np.log(rate / (1 - rate)), rtol=1e-5, atol=1e-6)


@settings(max_examples=20)
@given(events=events_lists, seed=st.integers(0, 5))
def test_the_order_of_the_rows_does_not_matter(events, seed):
    table = cleaned_table(events)
    one, other = (event_features(t, CATALOGUE, 4, PRIOR) for t in (table, shuffled(table, seed)))
    assert one.event_ids == other.event_ids
    np.testing.assert_array_equal(one.history, other.history)
    np.testing.assert_array_equal(one.rates, other.rates)


def test_a_history_holds_the_latest_events_latest_first():
    events = [("u0", f"i{k % 3}", k, 1) for k in range(6)]
    features = event_features(cleaned_table(events), CATALOGUE, 2, PRIOR)
    assert features.history[5].tolist() == [4, 3]
    assert features.history[0].tolist() == [-1, -1]
