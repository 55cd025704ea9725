"""The artifacts of a chain and every edge between them: one table that Dagster, the reader and ``curec status`` share.

An asset can read only what stands here (the reader refuses the rest), so what the graph shows is what happens.
Edges beyond the design's table are listed with their reason in ``docs/decisions.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Span = Literal["at", "previous", "up_to", "up_to_previous"]
"""Which windows of a parent an artifact of window w reads: w, w-1, all <= w, all <= w-1."""


@dataclass(frozen=True)
class Edge:
    """A parent artifact and the span of its windows that is read."""

    asset: str
    span: Span


@dataclass(frozen=True)
class Artifact:
    """What an artifact is made from: its edges, the configuration sections it depends on, the version of its code."""

    group: str
    edges: tuple[Edge, ...]
    sections: tuple[str, ...]
    """Fields of the chain's configuration that change what this artifact holds; they make its configuration hash."""
    code_version: str = "1"


def at(asset: str) -> Edge:
    """The same window."""
    return Edge(asset, "at")


def previous(asset: str) -> Edge:
    """The window before; none in the first window."""
    return Edge(asset, "previous")


def up_to(asset: str) -> Edge:
    """All windows up to and with this one."""
    return Edge(asset, "up_to")


def up_to_previous(asset: str) -> Edge:
    """All windows before this one."""
    return Edge(asset, "up_to_previous")


LINEAGE: Mapping[str, Artifact] = {
    "items": Artifact("interactions", (), ("data_set",)),
    "raw_interactions": Artifact("interactions", (), ("data_set",)),
    "users": Artifact("interactions", (), ("data_set", "users")),
    "cleaned_interactions": Artifact("interactions", (at("raw_interactions"), up_to("items")), ("data_set",)),
    "evidence": Artifact("evidence", (up_to("cleaned_interactions"), up_to("items")), ("evidence",), code_version="4"),
    "aligned_llm": Artifact(
        "language_model",
        (up_to("evidence"), up_to("cleaned_interactions"), previous("aligned_llm")),
        ("seed", "threads", "negatives_per_positive", "language_model", "gate", "alignment"),
        code_version="11",
    ),
    "draft_reasons": Artifact(
        "reasons",
        (at("aligned_llm"), up_to("evidence"), up_to_previous("draft_reasons")),
        ("seed", "threads", "language_model", "sampling", "gate", "review", "drafts"),
        code_version="6",
    ),
    "reward_model": Artifact(
        "reward",
        (up_to("cleaned_interactions"), up_to("evidence"), up_to("draft_reasons"), up_to("items")),
        ("seed", "threads", "negatives_per_positive", "encoder", "gold_encoder", "reward_model"),
        code_version="5",
    ),
    "rl_policy": Artifact(
        "language_model",
        (
            at("aligned_llm"),
            at("reward_model"),
            up_to("evidence"),
            up_to("cleaned_interactions"),
            previous("rl_policy"),
        ),
        (
            "seed",
            "threads",
            "negatives_per_positive",
            "language_model",
            "sampling",
            "encoder",
            "gold_encoder",
            "gate",
            "policy",
        ),
        code_version="9",
    ),
    "arrival_reasons": Artifact(
        "reasons",
        (up_to("items"), previous("rl_policy"), previous("aligned_llm")),
        ("seed", "threads", "language_model", "sampling", "gate", "arrivals"),
        code_version="5",
    ),
    "corrected_reasons": Artifact(
        "reasons",
        (
            at("rl_policy"),
            at("aligned_llm"),
            at("reward_model"),
            at("draft_reasons"),
            up_to("evidence"),
            up_to("cleaned_interactions"),
            at("arrival_reasons"),
            up_to_previous("corrected_reasons"),
        ),
        (
            "seed",
            "threads",
            "negatives_per_positive",
            "language_model",
            "sampling",
            "encoder",
            "gold_encoder",
            "gate",
            "correction",
        ),
        code_version="7",
    ),
    "reason_embeddings": Artifact(
        "reasons",
        (at("arrival_reasons"), at("draft_reasons"), at("corrected_reasons")),
        ("threads", "encoder"),
    ),
    "ranker": Artifact(
        "ranking",
        (
            up_to("cleaned_interactions"),
            up_to("reason_embeddings"),
            up_to("evidence"),
            up_to("items"),
        ),
        ("seed", "threads", "encoder", "ranker"),
        code_version="5",
    ),
    "ranker_evaluation": Artifact(
        "ranking",
        (
            previous("ranker"),
            previous("reward_model"),
            previous("aligned_llm"),
            up_to("cleaned_interactions"),
            up_to("reason_embeddings"),
            up_to_previous("evidence"),
            up_to("items"),
            up_to("users"),
            previous("corrected_reasons"),
        ),
        (
            "seed",
            "threads",
            "negatives_per_positive",
            "language_model",
            "sampling",
            "encoder",
            "gold_encoder",
            "gate",
            "alignment",
            "held_out",
            "ranker",
            "user_groups",
        ),
        code_version="8",
    ),
    "recommendations": Artifact(
        "ranking",
        (
            at("ranker"),
            up_to("corrected_reasons"),
            up_to("cleaned_interactions"),
            up_to("reason_embeddings"),
            up_to("evidence"),
            up_to("items"),
        ),
        ("seed", "threads", "encoder", "ranker"),
        code_version="3",
    ),
    "bias_audit": Artifact(
        "audit",
        (
            up_to("corrected_reasons"),
            at("recommendations"),
            at("ranker_evaluation"),
            up_to("cleaned_interactions"),
            up_to("items"),
            up_to("evidence"),
        ),
        ("audit",),
        code_version="4",
    ),
}
"""All artifacts in an order in which each comes after everything it reads in its own window."""

MODELS = ("aligned_llm", "reward_model", "rl_policy", "ranker")
"""Artifacts whose partition is one manifest row beside a folder of weights."""
