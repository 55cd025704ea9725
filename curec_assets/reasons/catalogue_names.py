"""The names that a reason may be held to: titles and categories of the catalogue as evidence or items tell them."""

import pyarrow as pa

from curec_assets.reasons.grounding import Grounding


def grounding_of(subjects: pa.Table) -> Grounding:
    """Grounding over the titles and categories in ``subjects``: rows of EVIDENCE (users have neither) or ITEMS."""
    titles = {title for title in subjects["title"].to_pylist() if title}
    categories = {category for row in subjects["categories"].to_pylist() for category in row or ()}
    return Grounding(sorted(titles), sorted(categories))
