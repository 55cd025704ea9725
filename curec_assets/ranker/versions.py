"""As-of joins of reasons to events: which (subject, reason) pair an event meets.

A subject with one reason after another is a few *versions* of itself. All that depends on a version is computed once,
not once an event, which is what makes nine arms affordable.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from curec_assets.ranker.timelines import WITHDRAWN, Entry

NOTHING_YET = -1
BEFORE_ALL = np.iinfo(np.int64).min
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Versions:
    """Every version of one side's subjects under one arm, and the join that finds the one an event meets.

    ``subject``, ``id_row`` and ``reason_row`` are int64 (versions,); ``metadata`` is float32 (subjects, dimension) or
    None, ``reasons`` float32 (1 + reasons, dimension) with row 0 for none.
    """

    subject: Tensor
    id_row: Tensor
    reason_row: Tensor
    metadata: Tensor | None
    reasons: Tensor
    _at_start: Tensor
    _open: Tensor
    _arrival_from: Tensor
    _arrival_version: Tensor
    _any_arrival: bool

    def __len__(self) -> int:
        return len(self.subject)

    def same_as(self, other: "Versions") -> bool:
        """Whether every event meets the same under both."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__]
        return all(torch.equal(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else a is b for a, b in pairs)

    def met(self, subject: Tensor, window: Tensor, ts: Tensor) -> Tensor:
        """The version (int64) of each subject that an event in ``window`` (row of ``starts``) at ``ts`` meets.

        A reason counts when it was valid at the window's start. An arrival reason counts from its ``valid_from`` on,
        even inside the window, while nothing came into force before: it was written from metadata alone. Shapes
        broadcast.
        """
        if len(self) == len(self._arrival_from):
            # One version each, which every event meets.
            return subject.expand(torch.broadcast_shapes(subject.shape, window.shape, ts.shape))
        met = self._at_start[window, subject]
        if not self._any_arrival:
            return met
        arrived = self._open[window, subject] & (self._arrival_from[subject] <= ts)
        return torch.where(arrived, self._arrival_version[subject], met)

    def at_start(self, subject: Tensor, window: Tensor) -> Tensor:
        """What is in force at the start of each window: (windows, subjects), from ``subject`` (subjects,) and
        ``window`` (windows,). That is what events of the window meet, but for subjects ``arriving``."""
        if len(self) == len(self._arrival_from):
            return subject.expand(len(window), -1)
        return self._at_start[window[:, None], subject]

    def arriving(self, subject: Tensor) -> Tensor:
        """Places in ``subject`` (subjects,) of those that some event may meet otherwise than its window's start did."""
        return torch.nonzero(self._arrival_from[subject] < NEVER)[:, 0]


def distinct(version: Tensor, versions: int) -> tuple[Tensor, Tensor]:
    """Those of ``versions`` versions that stand in ``version``, ascending, and the place of each entry among them:
    ``torch.unique`` with its inverse, without its sort."""
    there = torch.zeros(versions, dtype=torch.bool)
    there[version.reshape(-1)] = True
    return torch.nonzero(there)[:, 0], (torch.cumsum(there, dim=0) - 1)[version]


def window_starts(starts: Sequence[int]) -> np.ndarray:
    """Starts of the windows in order, led by a row for events before the first: no reason was valid then."""
    return np.array([BEFORE_ALL, *starts], dtype=np.int64)


def windows_of(ts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The row of ``starts`` whose window each ``ts`` lies in."""
    return np.searchsorted(starts, ts, side="right") - 1


def join_versions(
    entries: Sequence[Entry],
    vectors: np.ndarray,
    id_rows: np.ndarray,
    metadata: np.ndarray | None,
    starts: np.ndarray,
) -> Versions:
    """Versions of ``len(id_rows)`` subjects under the timeline ``entries`` (in the order they come into force).

    ``vectors`` is the book's matrix that entries point into, ``starts`` ascending window starts.
    """
    subjects = len(id_rows)
    state = np.full(subjects, NOTHING_YET, dtype=np.int64)
    at_start = np.empty((len(starts), subjects), dtype=np.int64)
    position = 0
    for row, start in enumerate(starts):
        while position < len(entries) and entries[position].valid_from <= start:
            state[entries[position].subject] = entries[position].vector
            position += 1
        at_start[row] = state
    arrival_from = np.full(subjects, NEVER, dtype=np.int64)
    arrival = np.full(subjects, WITHDRAWN, dtype=np.int64)
    for entry in entries:
        if entry.role == "arrival" and entry.valid_from < arrival_from[entry.subject]:
            arrival_from[entry.subject], arrival[entry.subject] = entry.valid_from, entry.vector

    used, packed = np.unique(np.maximum(np.vstack([at_start, arrival]), WITHDRAWN), return_inverse=True)
    rows = packed.reshape(len(starts) + 1, subjects) + (used[0] != WITHDRAWN if len(used) else 0)
    kept = vectors[[WITHDRAWN, *used[used != WITHDRAWN]]]
    codes, version = np.unique(np.arange(subjects) * len(kept) + rows, return_inverse=True)
    version = version.reshape(rows.shape)
    subject = codes // len(kept)
    return Versions(
        subject=torch.from_numpy(subject),
        id_row=torch.from_numpy(id_rows[subject]),
        reason_row=torch.from_numpy(codes % len(kept)),
        metadata=None if metadata is None else torch.from_numpy(metadata),
        reasons=torch.from_numpy(kept),
        _at_start=torch.from_numpy(version[:-1]),
        _open=torch.from_numpy(at_start == NOTHING_YET),
        _arrival_from=torch.from_numpy(arrival_from),
        _arrival_version=torch.from_numpy(version[-1]),
        _any_arrival=bool((arrival_from < NEVER).any()),
    )
