"""SQL files: read from ``sql/`` beside the packages, parameters bound by DuckDB, never spliced into the text."""

from functools import cache
from pathlib import Path

SQL_ROOT = Path(__file__).resolve().parents[2] / "sql"


@cache
def load_sql(name: str) -> str:
    """The text of ``sql/<name>``, e.g. ``load_sql("evidence/item_facts.sql")``.

    Raises:
        FileNotFoundError: no such file.
    """
    return (SQL_ROOT / name).read_text(encoding="utf-8")
