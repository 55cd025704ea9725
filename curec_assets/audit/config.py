"""Configuration of the bias audit."""

from pydantic import Field

from curec_assets.configuration.section import Section


class AuditConfig(Section):
    """How the audit groups what it measures."""

    deciles: int = Field(default=10, ge=2, le=100)
    """Groups of items of equal number, by popularity. Default 10."""
