"""What a ranker would have been told had something not been there: a user's events, or a subject's reason."""

from dataclasses import replace

import torch
from torch import Tensor

from curec_assets.ranker.backbone import Queries
from curec_assets.ranker.timelines import WITHDRAWN
from curec_assets.ranker.versions import Versions

HISTORY = ("history", "history_label", "history_age", "present")


def without_events(queries: Queries, dropped: Tensor) -> Queries:
    """``queries`` as if the events at ``dropped`` (bool (n, L)) had not happened.

    Those that are left move up to the latest places, where histories lie, and ages count the instants that are left.
    Two things stay as they were: no event from before the last L comes back in, and the dense facts of user and items
    (counts, like rates and trends over all events) still count what was dropped.
    """
    kept = queries.present & ~dropped
    order = torch.argsort(kept.to(torch.int8), dim=1, stable=True)
    present = kept.gather(1, order)
    history, label, age = (getattr(queries, name).gather(1, order) * present for name in HISTORY[:-1])
    # An instant ends where the next event is younger; an event is as old as instants end from it on.
    ends = torch.zeros_like(age)
    ends[:, :-1] = present[:, :-1] & (age[:, :-1] != age[:, 1:])
    age = ends.flip(1).cumsum(1).flip(1) * present
    return replace(queries, history=history, history_label=label, history_age=age, present=present)


def without_room(queries: Queries) -> Queries:
    """``queries`` without the places before the longest of their histories: these end with the latest event, so what
    stands there is empty in all of them."""
    longest = max(1, int(queries.present.sum(dim=1).max())) if len(queries) else 1
    return replace(queries, **{name: getattr(queries, name)[:, -longest:] for name in HISTORY})


def with_reason(versions: Versions, subject: int, row: int = WITHDRAWN) -> Versions:
    """``versions`` in which ``subject`` carries row ``row`` of the reasons throughout, or none."""
    return replace(versions, reason_row=torch.where(versions.subject == subject, row, versions.reason_row))


def without_reasons(versions: Versions) -> Versions:
    """``versions`` in which nobody has a reason."""
    return replace(versions, reason_row=torch.full_like(versions.reason_row, WITHDRAWN))
