"""SQL files, read from ``sql/`` beside the packages. DuckDB binds their parameters; only ``catalogue/chain.sql``, whose
views cannot hold any, is a template, filled with quoted names."""

from functools import cache
from pathlib import Path

SQL_ROOT = Path(__file__).resolve().parents[2] / "sql"


@cache
def load_sql(name: str) -> str:
    """The text of ``sql/<name>``, e.g. ``load_sql("queries/ablation.sql")``.

    Raises:
        FileNotFoundError: no such file.
    """
    return (SQL_ROOT / name).read_text(encoding="utf-8")
