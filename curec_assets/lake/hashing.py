"""Content hashes: the same rows or weights give the same hash, whatever order or folder they were written in."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

PROVENANCE_COLUMNS = ("created_at", "parents", "seconds", "source_row")
"""Columns that say when, from what and from where a row came, not what it is; they stay out of content hashes. A row's
place in its file is one: rows of later windows stand between those of earlier ones."""


def hash_text(text: str) -> str:
    """First 16 hex digits of the SHA-256 of ``text``."""
    return sha256(text.encode()).hexdigest()[:16]


def hash_json(value: Mapping[str, Any] | list[Any]) -> str:
    """First 16 hex digits of the SHA-256 of canonical JSON (sorted keys)."""
    return hash_text(json.dumps(value, sort_keys=True, separators=(",", ":"), default=str))


def hash_table(table: pa.Table) -> str:
    """SHA-256 (64 hex digits) of a table's schema and rows in canonical order, provenance columns left out."""
    kept = table.drop_columns([name for name in PROVENANCE_COLUMNS if name in table.column_names])
    digest = sha256(str(kept.schema.remove_metadata()).encode())
    # A row's JSON is both its sort key and its content: nested columns have no order of their own in Arrow.
    rows = sorted(json.dumps(row, sort_keys=True, default=_encode) for row in kept.to_pylist())
    for row in rows:
        digest.update(row.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def hash_folder(folder: Path) -> str:
    """SHA-256 (64 hex digits) of the names and bytes of all files below ``folder``."""
    digest = sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(b"\0")
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()


def _encode(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)
