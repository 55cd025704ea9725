"""Configuration of the bias audit."""

from pydantic import Field

from curec_assets.configuration.section import Section


class AuditConfig(Section):
    """How the audit groups what it measures."""

    deciles: int = Field(default=10, ge=2, le=100)
    """Groups of items (or users) of equal number, by events so far. Default 10."""
    boilerplate_words: int = Field(default=4, ge=1, le=20)
    """Reasons of one side that open with the same this many words count as boiler-plate once
    ``boilerplate_reasons`` of them do. Default 4: shorter openings are shared by chance."""
    boilerplate_reasons: int = Field(default=3, ge=2, le=1_000)
    """How many reasons must share an opening. Default 3."""
    duplicate_overlap: float = Field(default=0.8, gt=0, le=1)
    """Two reasons of one side whose word sets overlap (Jaccard) by this much or more are near-duplicates.
    Default 0.8: one or two words differ."""
    loaded_terms: tuple[str, ...] = (
        "women",
        "girls",
        "ladies",
        "men",
        "boys",
        "guys",
        "black",
        "white",
        "asian",
        "muslim",
        "christian",
        "jewish",
        "gay",
        "poor",
        "rich",
        "old",
        "young",
    )
    """Words (lower case, whole) that speak of who people are rather than what they like; the audit counts reasons with
    one, for a person to read. Default: a short English list, to be widened per catalogue."""
