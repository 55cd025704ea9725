"""What is there to read in an item's facts? A linear model that is told them, without any text or encoder.

A ceiling for the reward model: logistic regression over like rates as of each event and how well the item's categories
fit the user's tastes, then with what the item's evidence names. People whose evidence it was are left out, and each
user is predicted by a model that has not seen the user.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.data import ask_for_window, make_data, run_of, shipped_chain, window_asked
from curec_assets.ranker.bootstrap import draw, interval
from curec_assets.ranker.metrics import weighted_auc
from curec_assets.reward_model.features import EventFeatures, event_features
from curec_assets.reward_model.inputs import SeenRule
from curec_assets.reward_model.named import likers_of_catalogue

HISTORY = 20
TITLES = 2
"""Titles liked together that a sentence of evidence names."""
SAMPLES = 500


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table of the AUC that each kind of fact adds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_window(parser)
    asked = parser.parse_args(arguments)
    window = window_asked(parser, asked)
    with TemporaryDirectory() as folder:
        measure(window, Path(folder))


def measure(window: str, folder: Path) -> None:
    """Make the data assets up to ``window`` in ``folder`` and print the table."""
    chain = shipped_chain()
    make_data(chain, window, folder)
    run = run_of(chain, "reward_model", window, folder)
    items = {row["item_id"]: row for row in run.read.up_to("items").to_pylist()}
    catalogue = sorted(items)
    features = event_features(run.read.up_to("cleaned_interactions"), catalogue, HISTORY, 5.0)
    rule = SeenRule.of(features.user_ids, catalogue)
    events = np.flatnonzero(rule.users[features.user] & (features.item < len(catalogue)))
    likers = likers_of_catalogue(features, ~rule.users, len(catalogue))
    facts = _latest_facts(run.read.up_to("evidence").to_pylist())
    titles = {row["title"]: place for place, row in enumerate(items[item] for item in catalogue)}
    named = {kind: [_named(facts.get(item, []), kind, titles) for item in catalogue] for kind in KINDS}
    names = sorted({category for row in items.values() for category in row["categories"]})
    categories = np.array([[name in items[item]["categories"] for name in names] for item in catalogue], dtype=float)

    parts = {"like rates and categories": np.column_stack([features.rates[events], _fit(features, events, categories)])}
    parts["+ titles liked together, when met again"] = _met_again(features, events, named["co_liked"])
    for kind, told in KINDS.items():
        parts[f"+ {told}, by who likes them"] = _by_likers(features, events, named[kind], likers)
    label, user = features.label[events].astype(int), features.user[events]
    users, position = np.unique(user, return_inverse=True)
    weights = draw(len(users), 1, SAMPLES, 0).users[:, position]

    print("| what it is told | AUC | difference | events |\n|---|---|---|---|")
    base = next(iter(parts.values()))
    plain = weighted_auc(_predicted(base, label, user), label, weights)
    for told, part in parts.items():
        inputs = base if part is base else np.column_stack([base, part])
        found = weighted_auc(_predicted(inputs, label, user), label, weights)
        held = interval(found - plain, 0.95)
        difference = "" if part is base else f"{held.value:+.4f} [{held.low:.4f}, {held.high:.4f}]"
        print(f"| {told} | {found[0]:.4f} | {difference} | {len(events)} |")


KINDS = {"co_liked": "titles liked together", "dislikers_liked": "titles that those who dislike it like"}


def _predicted(inputs: np.ndarray, label: np.ndarray, user: np.ndarray) -> np.ndarray:
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return np.asarray(
        cross_val_predict(model, inputs, label, groups=user, cv=GroupKFold(5), method="decision_function")
    )


def _latest_facts(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    latest = sorted((row for row in rows if row["side"] == "item"), key=lambda row: row["as_of"])
    return {row["subject_id"]: row["facts"] for row in latest}


def _named(facts: list[dict[str, Any]], kind: str, titles: dict[str, int]) -> list[int]:
    found = [titles[fact["text"]] for fact in facts if fact["kind"] == kind and fact["text"] in titles]
    return found[:TITLES]


def _history(features: EventFeatures, event: int) -> tuple[np.ndarray, np.ndarray]:
    """Items of the liked and of the disliked events in a history."""
    past = features.history[event]
    past = past[past >= 0]
    liked = features.label[past] == 1
    return features.item[past[liked]], features.item[past[~liked]]


def _fit(features: EventFeatures, events: np.ndarray, categories: np.ndarray) -> np.ndarray:
    padded = np.concatenate([categories, np.zeros((1, categories.shape[1]))])
    found = []
    for event in events:
        liked, disliked = _history(features, event)
        taste = sum((sign * padded[of].mean(axis=0) for sign, of in ((1, liked), (-1, disliked)) if len(of)), start=0.0)
        own = padded[features.item[event]]
        found.append([(own * taste).sum() / max(1, own.sum()), float(len(liked) + len(disliked) > 0)])
    return np.array(found)


def _met_again(features: EventFeatures, events: np.ndarray, named: list[list[int]]) -> np.ndarray:
    found = []
    for event in events:
        liked, disliked = _history(features, event)
        titles = named[features.item[event]]
        found.append([np.isin(titles, liked).sum(), np.isin(titles, disliked).sum()])
    return np.array(found, dtype=float)


def _by_likers(features: EventFeatures, events: np.ndarray, named: list[list[int]], likers: np.ndarray) -> np.ndarray:
    """Mean and largest cosine of the named titles with liked, and with disliked, items of the history."""
    found = []
    for event in events:
        titles = named[features.item[event]]
        name = likers[titles].mean(axis=0) if titles else np.zeros(likers.shape[1])
        cosines = [likers[of] @ name for of in _history(features, event)]
        found.append([value for of in cosines for value in ((of.mean(), of.max()) if len(of) else (0.0, 0.0))])
    return np.array(found)


if __name__ == "__main__":
    main()
