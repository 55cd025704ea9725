"""Reasons for items the moment they first appear, from metadata alone (DESIGN §2, ``arrival_reasons``).

The policy is the previous window's, so what a new item carries was made from data older than the item.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curec_assets.lake.hashing import hash_text
from curec_assets.lake.schemas import ARRIVAL_REASONS
from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import arrival_prompt, prompt_hash
from curec_assets.progress import Progress, silent
from curec_assets.reasons.candidates import Candidate, gate_metrics, sample_candidates
from curec_assets.reasons.config import ArrivalConfig, GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.reasons.written import Written

_NO_TITLE = ("missing", "html_junk")


def arrival_reasons(
    items: pa.Table,
    generator: Generator | None,
    grounding: Grounding,
    config: ArrivalConfig,
    gate: GateConfig,
    policy_id: str | None,
    seed: int,
    progress: Progress = silent,
) -> Written:
    """One reason for each of the window's new items that the budget reaches, in the order of their ids' hashes.

    Args:
        items: ITEMS first seen in the window.
        generator: the policy of the window before; None in a chain's first window, which writes no arrivals.
        grounding: the catalogue as of the window's end; claims must stand in the item's own row.
        config: budget and samples.
        gate: the format gate.
        policy_id: artifact id of that policy (None with it).
        seed: seed of the sampling.

    Returns:
        ARRIVAL_REASONS with one row per item tried: its first sample that passes both gates, else its first that
        passes the format gate (``grounded`` false), else a null reason. ``valid_from`` is the item's ``first_seen``;
        ``tokens`` counts all its samples. Metrics count the items left ``over_budget``, without metadata
        (``no_metadata``: neither title, category nor description) and without a policy (``no_policy``).
    """
    new = sorted(items.to_pylist(), key=lambda item: (hash_text(item["item_id"]), item["item_id"]))
    told = [item for item in new if _has_metadata(item)]
    tried = told[: config.items_per_window] if generator is not None else []
    prompts = [arrival_prompt(item) for item in tried]
    sampled = (
        sample_candidates(tried, prompts, config.samples, generator, grounding, gate, seed, progress)
        if generator is not None
        else []
    )
    written = []
    for item, prompt, samples in zip(tried, prompts, sampled, strict=True):
        best = _first_best(samples)
        written.append(
            {
                "side": "item",
                "subject_id": item["item_id"],
                "reason": best.reason,
                "raw_text": best.raw_text,
                "grounded": best.passes,
                "prompt_hash": prompt_hash(prompt),
                "policy_id": policy_id,
                "valid_from": item["first_seen"],
                "tokens": sum(sample.tokens for sample in samples),
            }
        )
    metrics = {
        "new_items": float(len(new)),
        "arrived": float(sum(row["grounded"] for row in written)),
        "no_metadata": float(len(new) - len(told)),
        "over_budget": float(len(told) - len(tried)) if generator is not None else 0.0,
        "no_policy": float(len(told)) if generator is None else 0.0,
        **gate_metrics(sampled),
    }
    written.sort(key=lambda row: row["subject_id"])
    return Written(pa.Table.from_pylist(written, schema=ARRIVAL_REASONS), metrics)


def _has_metadata(item: Mapping[str, Any]) -> bool:
    return item["title_code"] not in _NO_TITLE or bool(item["categories"]) or bool(item["description"])


def _first_best(samples: list[Candidate]) -> Candidate:
    return max(samples, key=lambda sample: (sample.passes, sample.reason is not None))
