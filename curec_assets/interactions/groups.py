"""Which group and fold a user or item belongs to: a stable hash.

Users are grouped for item reasons, items for user interests (DESIGN §2): evidence is verbalised from the first group,
reasons are selected on the second and accepted on the third, so that no reason is ever judged on an event it has seen.
``sql/macros/subject_groups.sql`` is ``subject_group`` for SQL; a test keeps the two equal.
"""

from hashlib import md5
from typing import Literal, get_args

Group = Literal["evidence", "reward", "acceptance"]
Side = Literal["item", "user"]
"""Whose reason it is: why people like an item, or what a user is interested in."""

SIDES: tuple[Side, ...] = get_args(Side)

EVIDENCE_SHARE = 50
REWARD_SHARE = 25
"""Percent of ids in the evidence and reward groups; the remaining 25 % are the acceptance group."""


def subject_group(subject_id: str) -> Group:
    """The group of a user id (when the reason is an item's) or an item id (when it is a user's interest)."""
    bucket = int(md5(subject_id.encode(), usedforsecurity=False).hexdigest()[:8], 16) % 100
    if bucket < EVIDENCE_SHARE:
        return "evidence"
    return "reward" if bucket < EVIDENCE_SHARE + REWARD_SHARE else "acceptance"


def subject_fold(subject_id: str, folds: int) -> int:
    """The cross-fitting fold of an id, in ``range(folds)``; independent of its group."""
    return int(md5(subject_id.encode(), usedforsecurity=False).hexdigest()[8:16], 16) % folds
