"""The three instruction tasks as examples: a prompt without the outcome, the outcome, and a reason by template.

*judge*: would this user like this item? *choose*: did this item come next? *explain*: why do people like this item,
or what does this user like? The first two are made from events, with histories strictly earlier than each event; the
third from evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.aligned_llm.histories import ShownItem, VisibleEvents
from curec_assets.aligned_llm.standing import crowd_words, known_words, leniency_words
from curec_assets.aligned_llm.tellings import shows_every_leading_kind, telling
from curec_assets.lake.hashing import hash_text
from curec_assets.language_model.prompts import (
    YES_NO,
    Prompt,
    arrival_prompt,
    choose_prompt,
    explain_prompt,
    judge_prompt,
)

Task = Literal["judge", "choose", "explain"]


@dataclass(frozen=True)
class Example:
    """One instruction. ``prompt`` never holds the outcome."""

    task: Task
    prompt: Prompt
    choices: tuple[str, ...]
    """What the answer is chosen from; empty for *explain*."""
    answer: str
    """The right choice; empty for *explain*."""
    told: Mapping[str, Any]
    """Title, categories and facts that the prompt tells: what a grounded rationale may claim."""
    verbalised: str
    """A true reason by template, the target where no sampled rationale survives."""


def judge_examples(events: VisibleEvents, config: AlignmentConfig, rng: np.random.Generator) -> list[Example]:
    """Up to ``judge_examples`` examples, balanced between yes and no; none while only one outcome was ever seen."""
    ready = _ready(events, config)
    half = (config.judge_examples + 1) // 2
    by_label = [[row for row in ready if events.labels[row] == label] for label in (1, 0)]
    if not all(by_label):
        return []
    rows = [row for same in by_label for row in _draw(events.latest(same, half * config.recent_pool), half, rng)]
    return [judge_example(events, row, config) for row in rows][: config.judge_examples]


def choose_examples(events: VisibleEvents, config: AlignmentConfig, rng: np.random.Generator) -> list[Example]:
    """Up to ``choose_examples`` examples, by turns a liked item and one its user had not met when they met that."""
    liked = [row for row in _ready(events, config) if events.labels[row] == 1 and events.real[row]]
    half = (config.choose_examples + 1) // 2
    examples = []
    for row in _draw(events.latest(liked, half * config.recent_pool), half, rng):
        for stranger in _draw(events.strangers(row), 1, rng):
            candidates = (events.item(row), stranger)
            examples += [choose_example(events, row, candidate, config) for candidate in candidates]
    return examples[: config.choose_examples]


def explain_examples(
    rows: Sequence[Mapping[str, Any]], config: AlignmentConfig, rng: np.random.Generator
) -> list[Example]:
    """Up to ``explain_examples`` examples from the latest evidence rows, half items and half users.

    Half of each side, where there are as many, have facts of every kind that a text opens with. In most catalogues few
    items have, but those are the ones that are reviewed first; a model that hardly met such facts passes them over.
    """
    examples = []
    for side, share in (("item", (config.explain_examples + 1) // 2), ("user", config.explain_examples // 2)):
        told = [row for row in rows if row["side"] == side and row["evidence_text"] and row["facts"]]
        told.sort(key=lambda row: (-row["as_of"].timestamp(), hash_text(row["subject_id"])))
        pool = share * config.recent_pool
        rich = _draw([row for row in told if shows_every_leading_kind(row)][:pool], share // 2, rng)
        taken = {row["subject_id"] for row in rich}
        others = _draw([row for row in told[:pool] if row["subject_id"] not in taken], share - len(rich), rng)
        drawn = [*others, *rich]
        bare = round(config.metadata_share * len(drawn)) if side == "item" else 0
        for number, row in enumerate(drawn):
            examples.append(_arrival(row) if number < bare and row["categories"] else explain_example(row, rng))
    return examples


def _ready(events: VisibleEvents, config: AlignmentConfig) -> list[int]:
    return [row for row in range(len(events)) if events.likes_before(row) >= config.min_likes]


def _draw(pool: Sequence[Any], count: int, rng: np.random.Generator) -> list[Any]:
    """``count`` different members of ``pool`` (or all of it) in random order."""
    return [pool[index] for index in rng.permutation(len(pool))[:count]]


def judge_example(events: VisibleEvents, row: int, config: AlignmentConfig) -> Example:
    """*judge* of one event, from its user's history strictly before it."""
    item = events.item(row)
    likes, dislikes = events.before(row)
    likes, dislikes = likes[: config.history_likes], dislikes[: config.history_dislikes]
    liked = bool(events.labels[row] == 1)
    return Example(
        task="judge",
        prompt=judge_prompt(
            [x.title for x in likes],
            [x.title for x in dislikes],
            item.title,
            item.categories,
            crowd_words(events.item_standing(item.item_id, int(events.times[row]))),
            leniency_words(events.user_standing(row)),
        ),
        choices=YES_NO,
        answer=YES_NO[0] if liked else YES_NO[1],
        told=_told(item, [*likes, *dislikes]),
        verbalised=_why_liked(item, likes) if liked else _why_disliked(item, likes, dislikes),
    )


def choose_example(events: VisibleEvents, row: int, candidate: ShownItem, config: AlignmentConfig) -> Example:
    """*choose* of one event and one candidate: its own item, or one its user had not met by then."""
    likes = events.before(row)[0][: config.history_likes]
    now = int(events.times[row])
    known = known_words(events.item_standing(candidate.item_id, now), events.events_an_item(now))
    chosen = candidate.item_id == events.item(row).item_id
    return Example(
        task="choose",
        prompt=choose_prompt([x.title for x in likes], candidate.title, candidate.categories, known),
        choices=YES_NO,
        answer=YES_NO[0] if chosen else YES_NO[1],
        told=_told(candidate, likes),
        verbalised=_why_liked(candidate, likes) if chosen else _why_passed_over(candidate, likes),
    )


def explain_example(row: Mapping[str, Any], rng: np.random.Generator) -> Example:
    """*explain* of one row of EVIDENCE, told by some of its facts."""
    return Example("explain", explain_prompt(row), (), "", row, telling(row, rng))


def _arrival(row: Mapping[str, Any]) -> Example:
    categories = row["categories"][-2:]
    metadata = {"title": row["title"], "categories": row["categories"], "description": row["description"], "facts": []}
    reason = f"People who like {' and '.join(categories)} may find what they look for here."
    return Example("explain", arrival_prompt(row), (), "", metadata, reason)


def _told(item: ShownItem, others: Sequence[ShownItem]) -> dict[str, Any]:
    return {
        "title": item.title,
        "categories": [*item.categories, *(category for other in others for category in other.categories)],
        "description": None,
        "facts": [{"kind": "told", "text": other.title, "weight": 1.0} for other in others],
    }


def _why_liked(item: ShownItem, likes: Sequence[ShownItem]) -> str:
    nearest, shared = _nearest(item, likes)
    if shared:
        return f"{item.name} shares {shared} with {nearest.name}, which this person liked."
    return f"{item.name} is nearest to what this person liked lately, such as {nearest.name}."


def _why_passed_over(item: ShownItem, likes: Sequence[ShownItem]) -> str:
    nearest, shared = _nearest(item, likes)
    if shared:
        return f"{item.name} shares {shared} with {nearest.name}, yet this person went on to something else."
    return f"{item.name} is far from what this person liked, such as {nearest.name}."


def _why_disliked(item: ShownItem, likes: Sequence[ShownItem], dislikes: Sequence[ShownItem]) -> str:
    if dislikes:
        nearest, shared = _nearest(item, dislikes)
        if shared:
            return f"{item.name} shares {shared} with {nearest.name}, which this person disliked."
    nearest, shared = _nearest(item, likes)
    if shared:
        return f"Sharing {shared} with {nearest.name} is not enough for this person to like {item.name}."
    return f"{item.name} is far from what this person liked, such as {nearest.name}."


def _nearest(item: ShownItem, others: Sequence[ShownItem]) -> tuple[ShownItem, str]:
    """The first of ``others`` with most categories in common, and those in words."""
    best = max(others, key=lambda other: len(set(item.categories) & set(other.categories)))
    shared = [category for category in item.categories if category in best.categories]
    return best, " and ".join(shared[:2])
