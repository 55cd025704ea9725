"""What the chains over data that is not shipped are tuned on: months or years that none of them is judged on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.data import CHAIN, TUNED_UP_TO
from curec_assets.configuration.chain import SHIPPED, Chain, load_chain
from curec_assets.configuration.windows import EPOCH, Window
from curec_assets.evidence.build import build_evidence
from curec_assets.interactions.cleaning import clean_interactions, good_events
from curec_assets.interactions.sources import open_source
from curec_assets.lake.schemas import EVIDENCE, reason_embeddings
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.progress import Progress, silent
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.evaluate import Trial
from curec_assets.ranker.folder import open_folder
from curec_assets.ranker.prepare import prepare
from curec_assets.ranker.train import train_ranker

SEED = 0
CHAINS = tuple(chain for chain in TUNED_UP_TO if chain != CHAIN)

NO_EVIDENCE = EVIDENCE.empty_table().append_column("window", pa.array([], pa.string()))


@dataclass(frozen=True)
class Held:
    """Tables of everything before the end of ``windows[-1]``, the window to judge on; the first of ``windows`` holds
    all history before the others."""

    chain: Chain
    windows: tuple[Window, ...]
    cleaned: pa.Table
    items: pa.Table


def open_chain(name: str) -> Chain:
    """A shipped chain of ``CHAINS``.

    Raises:
        ValueError: a chain that nothing may be tuned on.
    """
    if name not in CHAINS:
        raise ValueError(f"{name} is kept for confirmation; choose one of {', '.join(CHAINS)}")
    return load_chain(SHIPPED / "chains" / f"{name}.yaml")


def hold_back(chain: Chain, window: str | None, earlier: int) -> Held:
    """Data of ``chain`` up to the end of ``window`` (the last one tuned on by default), cut into that window, the
    ``earlier`` ones before it, and all history.

    Raises:
        ValueError: a window that the chain is judged on.
    """
    last = TUNED_UP_TO[chain.name]
    if (window or last) > last:
        raise ValueError(f"{window} is kept for the final test; choose a window up to {last}")
    far = {"first": "1990-01" if chain.windows.frequency == "monthly" else "1990", "last": window or last}
    reaching = [found.key for found in chain.windows.model_copy(update=far).windows()]
    windows = chain.windows.model_copy(update={**far, "first": reaching[-1 - earlier]}).windows()
    source, end = open_source(chain.data_set, chain.folder), windows[-1].end
    items = source.items_first_seen(EPOCH, end, opening=True)
    cleaned = clean_interactions(source.interactions(EPOCH, end), items, chain.data_set).table
    return Held(chain, windows, cleaned, items)


def evidence_of(held: Held) -> pa.Table:
    """EVIDENCE, with its window, of all windows but the one that is judged."""
    good, tables = good_events(held.cleaned), [NO_EVIDENCE]
    for window in held.windows[:-1]:
        table = build_evidence(good, held.items, window.start, window.end, held.chain.profile.evidence)
        tables.append(table.append_column("window", pa.array([window.key] * len(table), pa.string())))
    return pa.concat_tables(tables)


def reviewed_everywhere(evidence: pa.Table, dimension: int) -> pa.Table:
    """REASON_EMBEDDINGS as if every subject of ``evidence`` had been reviewed: the arm ``evidence_text`` then knows all
    evidence there is. The vectors stand for drafts, which no arm of a benchmark reads."""
    rows = evidence.select(["side", "subject_id", "as_of", "window"]).to_pylist()
    vector = np.eye(1, dimension, dtype=np.float32)[0].tolist()
    drafts = [
        {
            "side": row["side"],
            "subject_id": row["subject_id"],
            "role": "draft",
            "reason_hash": "none",
            "valid_from": row["as_of"],
            "embedding": vector,
            "window": row["window"],
        }
        for row in rows
    ]
    schema = reason_embeddings(dimension).append(pa.field("window", pa.string()))
    return pa.Table.from_pylist(drafts, schema=schema)


def trained_before(
    held: Held,
    evidence: pa.Table,
    config: RankerConfig,
    encoder: TextEncoder,
    output: Path,
    progress: Progress = silent,
) -> Trial:
    """The arms of ``config``, none of which reads a model's reasons, trained into ``output`` before the window that
    ``held`` judges on, and that window to judge them on. ``evidence_text`` knows all of ``evidence``."""
    *earlier, judged = held.windows
    reviewed, implicit = reviewed_everywhere(evidence, encoder.dimension), held.chain.data_set.implicit
    tables = held.cleaned, held.items, evidence, reviewed
    train_ranker(*tables, encoder, earlier, config, SEED, output, progress, implicit=implicit)
    shared = open_folder(output, encoder.name)
    world = prepare(*tables, encoder, judged.end, shared.items, shared.users)
    return Trial(output, shared, world, judged, config, SEED, implicit)


class RememberingEncoder:
    """An encoder whose vectors outlive the process, in one file: tuning asks for the same texts again and again."""

    def __init__(self, encoder: TextEncoder, file: Path) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self._encoder, self._file = encoder, file
        self._known: dict[str, np.ndarray] = {}
        if file.exists():
            with np.load(file, allow_pickle=False) as stored:
                self._known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """As the encoder."""
        missing = sorted(set(texts) - set(self._known))
        if missing:
            self._known.update(zip(missing, self._encoder.encode(missing), strict=True))
            names = np.array(list(self._known))
            np.savez(self._file, texts=names, vectors=np.stack(list(self._known.values())))
        return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, self.dimension), np.float32)
