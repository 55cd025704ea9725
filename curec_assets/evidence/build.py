"""Evidence: what behaviour says of every item and user that a window touches (DESIGN §3.1)."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from curec_assets.evidence.config import EvidenceConfig
from curec_assets.evidence.text import verbalise
from curec_assets.lake.hashing import hash_json
from curec_assets.lake.schemas import EVIDENCE
from curec_assets.lake.sql import load_sql

ITEM_KINDS = ("co_liked", "liker_category", "dislikers_liked", "trend")
USER_KINDS = ("recent_like", "recent_dislike", "liked_category", "parts_from_crowd", "taste_moved")
FACT_ORDER = {kind: place for place, kind in enumerate((*ITEM_KINDS, *USER_KINDS))}

Facts = dict[tuple[str, str], list[dict[str, Any]]]


def build_evidence(
    cleaned: pa.Table, items: pa.Table, start: datetime, end: datetime, config: EvidenceConfig
) -> pa.Table:
    """Evidence of the window ``[start, end)`` from everything before its end.

    Counts, rates and facts of an item come from events of evidence-group users alone, those of a user from events on
    evidence-group items alone; ``events_in_window`` counts all good events of the subject. Facts are ordered by kind,
    then strongest first (recent likes and dislikes: latest first; ``taste_moved``: gains before losses).

    A lift is ``(observed + k) / (expected + k)``, shrunk towards 1 by ``k = config.lift_prior`` (``category_prior`` for
    ``liker_category``): our own addition to DESIGN's lift with a floor, without which the rarest pairs always win.
    Weights: the lift (``co_liked``, ``liker_category``, ``dislikers_liked``, ``liked_category``), the ratio of shares
    (``trend``), the user's verdict minus the others' like rate (``recent_like``, ``recent_dislike``,
    ``parts_from_crowd``), the change of the share (``taste_moved``).
    Of several events of one user on one item the last one's label is the verdict.

    Args:
        cleaned: schema ``CLEANED_INTERACTIONS``, all windows up to this one; later and quarantined rows play no part.
        items: schema ``ITEMS``, all windows up to this one; items first seen later play no part.
        start: the window's start, with time zone.
        end: the window's end, excluded, with time zone.
        config: floors, priors and sizes.

    Returns:
        Schema ``EVIDENCE``: a row per item and per user with a good event in the window, by side and subject.
        ``evidence_hash`` covers all columns but ``as_of`` and ``events_in_window``, which are no part of a prompt.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(load_sql("macros/subject_groups.sql"))
        connection.register("cleaned", cleaned)
        connection.register("items", items)
        stage = _Stage(connection, {"start": start, "end": end, **config.model_dump()})
        stage.prepare("evidence/events.sql", "start", "end")
        stage.prepare("evidence/catalogue.sql", "end")
        stage.prepare("evidence/item_categories.sql")
        facts: Facts = defaultdict(list)
        stage.prepare("evidence/opinions_of_evidence_users.sql")
        floors = ("min_support", "min_lift", "facts_per_kind")
        stage.collect(facts, "evidence/liked_together.sql", "likes_per_user", "lift_prior", *floors)
        stage.collect(facts, "evidence/liker_categories.sql", "category_prior", *floors)
        stage.collect(facts, "evidence/trend.sql", "lift_prior", "trend_min_events", "trend_ratio")
        stage.prepare("evidence/opinions_on_evidence_items.sql", "start")
        crowd = ("crowd_prior", "crowd_min_people", "crowd_min_difference")
        stage.collect(facts, "evidence/user_titles.sql", *crowd, "facts_per_kind")
        tastes = ("lift_prior", "taste_min_likes", "taste_min_difference")
        stage.collect(facts, "evidence/user_categories.sql", *tastes, *floors)
        subjects = [*stage.rows("evidence/item_subjects.sql"), *stage.rows("evidence/user_subjects.sql")]
    return pa.Table.from_pylist([_evidence_row(subject, facts, end) for subject in subjects], schema=EVIDENCE)


class _Stage:
    """SQL files over one connection, each given the parameters that it names."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parameters: dict[str, Any]) -> None:
        self._connection = connection
        self._parameters = parameters

    def prepare(self, name: str, *parameters: str) -> None:
        """Runs a file that makes a table."""
        self._connection.execute(load_sql(name), {key: self._parameters[key] for key in parameters})

    def rows(self, name: str, *parameters: str) -> list[dict[str, Any]]:
        """The rows that a file's query returns."""
        bound = {key: self._parameters[key] for key in parameters}
        return self._connection.sql(load_sql(name), params=bound).to_arrow_table().to_pylist()

    def collect(self, facts: Facts, name: str, *parameters: str) -> None:
        """Adds the facts that a file's query returns to ``facts``, by side and subject."""
        for row in self.rows(name, *parameters):
            facts[row["side"], row["subject_id"]].append(row)


def _evidence_row(subject: dict[str, Any], facts: Facts, end: datetime) -> dict[str, Any]:
    found = facts.get((subject["side"], subject["subject_id"]), [])
    ordered = sorted(found, key=lambda fact: (FACT_ORDER[fact["kind"]], fact["place"]))
    row = {
        **subject,
        "categories": subject["categories"] or [],
        "like_rate": subject["n_likes"] / subject["n_events"] if subject["n_events"] else None,
        "facts": [{"kind": fact["kind"], "text": fact["text"], "weight": fact["weight"]} for fact in ordered],
    }
    row["evidence_text"] = verbalise(row)
    row["evidence_hash"] = hash_json({key: value for key, value in row.items() if key != "events_in_window"})
    return {**row, "as_of": end}
