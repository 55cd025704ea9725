"""What a reason by template tells, for the aligned LLM to learn from: some of the facts, at random, so that RL finds
texts that differ in what they say.

From a model that had only ever copied one template RL learned form, and little of what to tell (docs/experiments.md).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from curec_assets.evidence.text import verbalise
from curec_assets.language_model.prompts import FACT_LABELS, facts_shown

LEADING = {"item": ("co_liked", "liker_category"), "user": ("recent_like", "liked_category")}
"""Kinds of facts that a text opens with; one at least is told."""
TRAILING = {"item": ("trend",), "user": ("parts_from_crowd", "taste_moved")}
"""Kinds that may follow."""


def telling(row: Mapping[str, Any], rng: np.random.Generator) -> str:
    """A text by template of some of the facts that the prompt of ``row`` (EVIDENCE) shows; of a row without a leading
    fact its evidence text."""
    shown = {kind: facts_shown(row, kind) for kind in FACT_LABELS}
    leading = [kind for kind in LEADING[row["side"]] if shown[kind]]
    if not leading:
        return str(row["evidence_text"])
    told = [kind for kind in leading if rng.random() < 0.5] or [leading[rng.integers(len(leading))]]
    facts = [fact for kind in told for fact in _some(shown[kind], rng)]
    facts += [fact for kind in TRAILING[row["side"]] if rng.random() < 0.5 for fact in shown[kind]]
    return verbalise({**row, "facts": facts})


def shows_every_leading_kind(row: Mapping[str, Any]) -> bool:
    """Whether the prompt of ``row`` (EVIDENCE) shows every kind of fact that a text of its side opens with."""
    return all(facts_shown(row, kind) for kind in LEADING[row["side"]])


def _some(facts: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> list[Mapping[str, Any]]:
    """One of ``facts`` at least, in their order."""
    kept = rng.permutation(len(facts))[: rng.integers(1, len(facts) + 1)]
    return [facts[place] for place in sorted(kept)]
