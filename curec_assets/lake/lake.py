"""Where artifacts lie, and how a partition is published: one atomic rename of one file.

<root>/<chain>/<asset>/window=<key>/data.parquet     rows and manifest
<root>/<chain>/<asset>/weights/<sha256>/             immutable, content-addressed (models only)
<root>/<chain>/rejects/data.parquet                  source rows that have no window
<root>/<chain>/.staging/                             half-written things; swept when their writer is gone
<root>/<chain>/.checkpoints/<asset>@<window>/<key>/  parts of a stage at work, gone once it has published
<root>/.lock                                         held by whoever is at work in the lake
"""

import os
import re
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curec_assets.lake.hashing import hash_folder
from curec_assets.lake.manifest import Manifest, attach, read_manifest
from curec_assets.lake.processes import is_alive

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Lake:
    """One chain's part of the lake."""

    root: Path
    chain: str

    @property
    def folder(self) -> Path:
        """The chain's folder."""
        return self.root / _plain(self.chain)

    def partition(self, asset: str, window: str) -> Path:
        """The file of ``asset`` in ``window``, whether it exists or not."""
        return self.folder / _plain(asset) / f"window={_plain(window)}" / "data.parquet"

    def manifest(self, asset: str, window: str) -> Manifest | None:
        """The manifest of a published partition, or None."""
        return read_manifest(self.partition(asset, window))

    def read(self, asset: str, window: str) -> pa.Table:
        """The rows of a published partition. Stages read through ``AsOfReader``, which cannot see past its window."""
        with self.partition(asset, window).open("rb") as file:
            return pq.read_table(file)

    def publish(self, table: pa.Table, manifest: Manifest) -> Path:
        """Write rows and manifest as a partition; a reader sees the whole old file or the whole new one."""
        target = self.partition(manifest.asset, manifest.window)
        return self._replace(target, attach(table, manifest))

    def publish_rejects(self, table: pa.Table) -> Path:
        """Write the ledger of source rows that belong to no window."""
        return self._replace(self.folder / "rejects" / "data.parquet", table)

    def publish_weights(self, asset: str, folder: Path) -> tuple[str, str]:
        """Copy a folder of weights to its content address.

        Returns:
            Its path relative to the lake's root, and its SHA-256. Equal content lands in the same folder once.
        """
        sha256 = hash_folder(folder)
        target = self.folder / _plain(asset) / "weights" / sha256
        if not target.exists():
            staged = self.stage()
            shutil.copytree(folder, staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                staged.rename(target)
            except OSError:
                # Another process published the same content first; anything else is a real failure.
                if not target.exists():
                    raise
                shutil.rmtree(staged)
        return target.relative_to(self.root).as_posix(), sha256

    def weights(self, relative: str) -> Path:
        """The folder that a manifest row's ``path`` names.

        Raises:
            ValueError: a path that leaves the lake.
        """
        path = (self.root / relative).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"{relative}: weights lie inside the lake, this path does not")
        return path

    def stage(self) -> Path:
        """A fresh path (nothing there yet) on the lake's own file system, for things to be renamed into place."""
        return staged_path(self.folder / ".staging")

    def checkpoints(self, asset: str, window: str) -> Path:
        """The folder of ``asset``'s checkpoints while ``window`` is being made, whether it exists or not."""
        return self.folder / ".checkpoints" / f"{_plain(asset)}@{_plain(window)}"

    def _replace(self, target: Path, table: pa.Table) -> Path:
        staged = self.stage()
        with staged.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
        return target


def staged_path(staging: Path) -> Path:
    """A fresh path (nothing there yet) in ``staging``, which is made if need be; what writers left there that are gone
    is removed."""
    staging.mkdir(parents=True, exist_ok=True)
    _sweep(staging)
    return staging / f"{os.getpid()}-{uuid.uuid4().hex}"


def lake_root() -> Path:
    """``$CUREC_LAKE``, or ``lake/`` below the working directory."""
    return Path(os.environ.get("CUREC_LAKE") or "lake").absolute()


def models_root() -> Path:
    """``$CUREC_MODELS``, or ``models/`` below the working directory: base models in plain safetensors."""
    return Path(os.environ.get("CUREC_MODELS") or "models").absolute()


def _plain(name: str) -> str:
    """Names become folders: one that could climb out of the lake is refused."""
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a folder of the lake; letters, digits, '_', '-' and '.' can")
    return name


def _sweep(staging: Path) -> None:
    """Remove what writers that are gone left half-written."""
    for left in staging.iterdir():
        writer = left.name.partition("-")[0]
        if writer.isdigit() and not is_alive(int(writer)):
            # Another process may be sweeping the same.
            with suppress(FileNotFoundError):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
