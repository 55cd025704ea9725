"""The cookbook: the queries of ``sql/queries/`` by what they ask about, each with its question."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from curec_assets.lake.sql import SQL_ROOT

TOPICS: Mapping[str, tuple[str, ...]] = {
    "Reasons, and how they change": (
        "item_reason_history",
        "user_interest_history",
        "what_changed_in_a_window",
        "what_changed_between",
        "corrections_before_and_after",
        "lost_footing",
        "review_outcomes",
        "events_with_the_reason_then",
        "cold_items",
        "draft_and_reason",
    ),
    "Alike reasons": ("nearest_reasons", "near_duplicates"),
    "What stands behind a reason": ("facts_behind_a_reason", "models_behind_a_reason", "model_lineage"),
    "Are reasons any good": (
        "does_the_reward_read",
        "reward_by_genre",
        "reward_by_popularity",
        "did_corrections_hold",
        "ablation",
        "arms_over_time",
    ),
    "Recommendations": ("recommended_and_taken", "why_recommended", "recommendation_uptake"),
    "Bias": ("exposure_bias", "exposure_over_time", "reach_of_arms", "error_gaps", "users_by_group"),
    "Data and costs": ("quarantine_by_code", "window_costs", "partition_costs"),
}
"""Names of queries in the order in which a newcomer would ask them."""
OTHERS = "Others"
"""The topic of a query that no topic names."""


HELP = """\
the cookbook, sql/queries/<name>.sql (docs/sql.md shows each with its answer):

  curec sql --chain demo --file sql/queries/item_reason_history.sql
  curec sql --chain demo --file sql/queries/item_reason_history.sql --set item=50"""


@dataclass(frozen=True)
class Recipe:
    """A query of the cookbook."""

    name: str
    question: str
    """Its first comment line."""
    notes: str
    """The comment lines below: what it asks of when nothing is named, how to read the answer. May be empty."""
    statement: str
    """The SQL below them."""


def read_cookbook() -> dict[str, list[Recipe]]:
    """The recipes by topic, each file of the folder once."""
    files = {path.stem: path.read_text(encoding="utf-8") for path in sorted((SQL_ROOT / "queries").glob("*.sql"))}
    listed = {name for names in TOPICS.values() for name in names}
    topics = {**TOPICS, OTHERS: tuple(name for name in files if name not in listed)}
    cookbook = {
        topic: [_recipe(name, files[name]) for name in names if name in files] for topic, names in topics.items()
    }
    return {topic: recipes for topic, recipes in cookbook.items() if recipes}


def cookbook_help() -> str:
    """The cookbook as the end of a ``--help``: how to ask one of its queries, and what each answers."""
    shown = [HELP]
    for topic, recipes in read_cookbook().items():
        shown.append(f"\n  {topic}:")
        shown += [f"    {recipe.name}\n      {recipe.question}" for recipe in recipes]
    return "\n".join(shown)


def _recipe(name: str, text: str) -> Recipe:
    lines = text.splitlines()
    comments = list(takewhile(lambda line: line.startswith("--"), lines))
    question, *notes = [line.removeprefix("--").strip() for line in comments] or [""]
    return Recipe(name, question, " ".join(notes), "\n".join(lines[len(comments) :]).strip())
