"""The reasons that training may attach to events: each subject's current drafts and its verbalised evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.interactions.groups import Side


@dataclass(frozen=True)
class ReasonBank:
    """Paraphrases of one side: those of subject s are ``texts[first[s] : first[s] + count[s]]``, drafts first.

    ``drafted`` (n_subjects,) says which subjects have a draft and not their evidence alone.
    """

    texts: tuple[str, ...]
    first: np.ndarray
    count: np.ndarray
    drafted: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether each subject has a reason, bool (n_subjects,)."""
        return self.count > 0


def reason_bank(
    side: Side,
    subjects: Sequence[str],
    activity: np.ndarray,
    drafts: pa.Table,
    evidence: pa.Table,
    evidence_reasons: int,
) -> ReasonBank:
    """Collect the reasons of ``subjects`` (in that order; ``activity`` is each one's number of events).

    A subject's current drafts are those of its latest window (tables read across windows carry a ``window`` column;
    without it all rows are current) whose text passed the format gate. Its verbalised evidence is the latest ``as_of``
    row's, taken for the ``evidence_reasons`` most active subjects and for every drafted one.
    """
    paraphrases = _current_drafts(side, drafts)
    verbalised = _latest_evidence(side, evidence)
    active = [subjects[i] for i in np.argsort(-activity, kind="stable") if subjects[i] in verbalised]
    lenders = set(active[:evidence_reasons]) | (set(paraphrases) if evidence_reasons else set())
    texts: list[str] = []
    first = np.zeros(len(subjects), dtype=np.int64)
    count = np.zeros(len(subjects), dtype=np.int64)
    for index, subject in enumerate(subjects):
        own = list(paraphrases.get(subject, ()))
        if subject in lenders and subject in verbalised:
            own.append(verbalised[subject])
        first[index], count[index] = len(texts), len(own)
        texts.extend(own)
    drafted = np.array([subject in paraphrases for subject in subjects], dtype=bool)
    return ReasonBank(tuple(texts), first, count, drafted)


def _current_drafts(side: Side, drafts: pa.Table) -> dict[str, list[str]]:
    read = [name for name in ("subject_id", "sample", "reason", "window") if name in drafts.column_names]
    rows = drafts.filter(pc.equal(drafts["side"], side)).select(read).to_pylist()
    latest: dict[str, str] = {}
    for row in rows:
        subject, window = row["subject_id"], str(row.get("window", ""))
        latest[subject] = max(latest.get(subject, ""), window)
    found: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        if row["reason"] and str(row.get("window", "")) == latest[row["subject_id"]]:
            found.setdefault(row["subject_id"], []).append((row["sample"], row["reason"]))
    return {subject: [reason for _, reason in sorted(samples)] for subject, samples in found.items()}


def _latest_evidence(side: Side, evidence: pa.Table) -> dict[str, str]:
    rows = evidence.filter(pc.equal(evidence["side"], side)).select(["subject_id", "as_of", "evidence_text"])
    rows = rows.sort_by([("subject_id", "ascending"), ("as_of", "ascending"), ("evidence_text", "ascending")])
    return {row["subject_id"]: row["evidence_text"] for row in rows.to_pylist() if row["evidence_text"]}


def matched_subjects(
    bank: ReasonBank, categories: Sequence[Sequence[str]], like_rate: np.ndarray, neighbours: int
) -> np.ndarray:
    """For each subject the subjects whose reasons contrast with its own, int64 (n_subjects, neighbours), -1 padded.

    Matched on the rarest category that another subject with a reason shares, then on the nearest like rate; subjects
    that share no category with any other are matched on like rate among all.
    """
    with_reason: list[int] = np.flatnonzero(bank.known).tolist()
    members: dict[str, list[int]] = {}
    for subject in with_reason:
        for category in set(categories[subject]):
            members.setdefault(category, []).append(subject)
    everyone = sorted(with_reason, key=lambda s: (like_rate[s], s))
    ranked = {name: sorted(group, key=lambda s: (like_rate[s], s)) for name, group in members.items()}
    place = {name: {subject: at for at, subject in enumerate(group)} for name, group in ranked.items()}
    place_of_all = {subject: at for at, subject in enumerate(everyone)}
    matched = np.full((len(bank.first), neighbours), -1, dtype=np.int64)
    for subject in everyone:
        shared = [name for name in set(categories[subject]) if len(members[name]) > 1]
        if shared:
            name = min(shared, key=lambda name: (len(members[name]), name))
            near = _nearest(ranked[name], place[name][subject], like_rate, neighbours)
        else:
            near = _nearest(everyone, place_of_all[subject], like_rate, neighbours)
        matched[subject, : len(near)] = near
    return matched


def _nearest(ranked: list[int], at: int, like_rate: np.ndarray, neighbours: int) -> list[int]:
    """Up to ``neighbours`` members (in order of like rate) nearest to the one at place ``at``, itself left out."""
    own = ranked[at]
    around = ranked[max(0, at - neighbours) : at] + ranked[at + 1 : at + neighbours + 1]
    return sorted(around, key=lambda other: (abs(like_rate[other] - like_rate[own]), other))[:neighbours]
