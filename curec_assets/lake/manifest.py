"""The manifest inside each partition's file: what it is, what it was made from, and with which configuration."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

METADATA_KEY = b"curec"


@dataclass(frozen=True)
class Parent:
    """A partition that was read: its content as it stood then."""

    asset: str
    window: str
    content_hash: str
    artifact_id: str


@dataclass(frozen=True)
class Manifest:
    """Everything about a published partition but its rows. It lies in the Parquet file's own metadata, so the rows
    and what is known of them appear in one rename."""

    chain: str
    asset: str
    window: str
    artifact_id: str
    """``<asset>@<window>:<12 hex digits>`` of the weights (models) or of the content (tables)."""
    content_hash: str
    """SHA-256 of the rows in canonical order; equal content has equal hash whenever and wherever it was made."""
    config_hash: str
    code_version: str
    parents: tuple[Parent, ...]
    rows: int
    rows_seen: int
    """Rows of all parents that were read."""
    latest_ts_seen: str | None
    """Latest event time among them, ISO 8601, or none."""
    created_at: str
    seconds: float
    source_fingerprint: str | None = None
    base_model: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    """Values of the configuration behind ``config_hash`` that were given at launch, by dotted key."""

    @property
    def began_at(self) -> datetime:
        """When the stage began, before it had read anything."""
        return datetime.fromisoformat(self.created_at) - timedelta(seconds=self.seconds)

    def to_json(self) -> bytes:
        """Canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """The manifest that ``to_json`` wrote."""
        values = json.loads(data)
        values["parents"] = tuple(Parent(**parent) for parent in values["parents"])
        return cls(**values)


def attach(table: pa.Table, manifest: Manifest) -> pa.Table:
    """``table`` with the manifest in its schema metadata."""
    return table.replace_schema_metadata({METADATA_KEY: manifest.to_json()})


def read_manifest(path: Path) -> Manifest | None:
    """The manifest of a partition's file, or None where there is no such file.

    Raises:
        ValueError: a file that this project did not publish, or one where the lake has a folder.
    """
    try:
        metadata = pq.read_schema(path).metadata
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        stray = next(above for above in path.parents if above.exists())
        raise ValueError(f"{stray}: a file lies where the lake has a folder; move it away") from None
    except PermissionError:
        raise
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"{path}: this cannot be read as a partition ({error}); move it away") from None
    if not metadata or METADATA_KEY not in metadata:
        raise ValueError(f"{path}: this file carries no manifest, so it was not published here; move it away")
    return Manifest.from_json(metadata[METADATA_KEY])
