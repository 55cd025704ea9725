"""What alignment was good for: the aligned LLM of a window beside its base, on events of the window after.

Neither has seen those events, so users and items of all groups may be asked about; nothing is trained on them. The
prompts are those of training (``tasks.py``), with histories strictly earlier than each event. *judge* and *choose* are
answered right after ``Answer:``, without a written reason: one forward pass, and no luck of sampling in it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.aligned_llm.bootstrap import ANSWER, ChoosingGenerator
from curec_assets.aligned_llm.config import AlignmentConfig, HeldOutConfig
from curec_assets.aligned_llm.histories import ALL_GROUPS, ShownItem, VisibleEvents, latest_rows, shown_items
from curec_assets.aligned_llm.standing import like_rate
from curec_assets.aligned_llm.tasks import Example, choose_example, judge_example
from curec_assets.configuration.windows import Window, microseconds
from curec_assets.interactions.groups import SIDES
from curec_assets.lake.hashing import hash_text
from curec_assets.lake.schemas import EVALUATIONS, TIMESTAMP
from curec_assets.language_model.prompts import YES_NO, explain_prompt, with_answer_start
from curec_assets.progress import Progress, silent
from curec_assets.ranker.bootstrap import draw, interval
from curec_assets.ranker.metrics import weighted_auc, weighted_mean
from curec_assets.reasons.catalogue_names import grounding_of
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding, tidy_reason

RESAMPLES = 500
CONFIDENCE = 0.95
PAIRS = 20
COUNTS = "counts"
"""Arm of *judge* and *choose* that needs no model: the numbers which the prompt tells in words, and nothing else."""
CONTRASTS = (("aligned", "base"), ("aligned", COUNTS))

Row = dict[str, Any]
Arms = Mapping[str, ChoosingGenerator]
Texts = Mapping[str, list[str]]
Asked = tuple[int, Example]
"""A row of the visible events and the example made of it."""
Choice = tuple[int, int, list[ShownItem], list[Example]]
"""A row of the visible events, the place of its item among the candidates, these, and an example of each."""
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From the outcomes (n,) of one arm and weights (replicates, n) to replicates (replicates,), nan where undefined."""


@dataclass(frozen=True)
class HeldOut:
    """What was measured."""

    evaluations: pa.Table
    """EVALUATIONS, subject ``aligned_llm``: arms ``base``, ``aligned``, ``counts`` and the CONTRASTS."""
    pairs: list[dict[str, Any]]
    """Up to 20 subjects drawn at random: ``side``, ``subject_id``, ``title`` (None for users) and what ``base`` and
    ``aligned`` wrote, as they wrote it."""
    metrics: dict[str, float]
    """How much was asked (``judge_events``, ``choose_events``, ``explain_subjects``) and how long it took
    (``<task>_seconds``)."""


def evaluate_alignment(
    base: ChoosingGenerator,
    aligned: ChoosingGenerator,
    evidence: pa.Table,
    cleaned: pa.Table,
    window: Window,
    config: HeldOutConfig,
    alignment: AlignmentConfig,
    gate: GateConfig,
    seed: int,
    progress: Progress = silent,
) -> HeldOut:
    """Ask both models about the same events and subjects of ``window``.

    | metric | slices | value | interval resamples |
    |---|---|---|---|
    | ``judge_auc`` | all | AUC of P(yes) over the events' labels | users |
    | ``choose_accuracy`` | all | share of events whose candidate of the highest P(yes) is the one liked next | users |
    | ``explain_parse_share`` | all, item, user | share of texts that pass the format gate | subjects |
    | ``explain_grounded_share`` | all, item, user | share that also claim nothing but the evidence | subjects |

    Arm ``counts`` shows how far *judge* and *choose* come without a model, by what is known at the moment of the event:
    to judge, the item's rate of likes plus the user's; to choose, how many events the candidate has.

    Intervals are 95 % percentiles of 500 resamples that all arms share, so the contrast is paired. ``value`` is null
    where undefined (nothing to ask; events of one label), the interval also where fewer than half of the resamples
    define it. ``n`` counts events or subjects.

    Args:
        base: the model without the adapter.
        aligned: the same model with the adapter of the window before ``window``.
        evidence: EVIDENCE up to the window before ``window``; rows of a later ``as_of`` are ignored.
        cleaned: labelled CLEANED_INTERACTIONS up to ``window``; later and quarantined rows are ignored. For implicit
            data, with sampled negatives, or *judge* has one label only.
        window: the window after the one that was trained on.
        config: how much to ask; a task of 0 has no rows.
        alignment: shapes the prompts as it did in training (likes needed, history shown).
        gate: format gate of *explain*.
        seed: fixes who is asked about (by hash of the ids, whatever the order of rows), all sampling, the bootstrap.
    """
    arms = {"base": base, "aligned": aligned}
    evidence = evidence.filter(pc.less_equal(evidence["as_of"], pa.scalar(window.start, TIMESTAMP)))
    rows = latest_rows(evidence)
    known = cleaned.filter(pc.less(cleaned["ts"], pa.scalar(window.end, TIMESTAMP)))
    events = VisibleEvents(known, shown_items(rows), ALL_GROUPS)
    lottery = _Lottery(events, np.flatnonzero(events.times >= microseconds(window.start)).tolist(), alignment, seed)
    metrics: dict[str, float] = {}
    found: list[Row] = []
    pairs: list[Row] = []
    if config.judge_events:
        started = time.perf_counter()
        judged = lottery.judged(config.judge_events)
        found += _judge(judged, events, arms, seed)
        metrics |= {"judge_events": float(len(judged)), "judge_seconds": time.perf_counter() - started}
    if config.choose_events:
        started = time.perf_counter()
        chosen = lottery.chosen(config.choose_events, config.candidates)
        found += _choose(chosen, config.candidates, events, arms, seed)
        metrics |= {"choose_events": float(len(chosen)), "choose_seconds": time.perf_counter() - started}
    if config.explain_subjects:
        started = time.perf_counter()
        told = lottery.told(rows, config.explain_subjects)
        prompts = [explain_prompt(row) for row in told]
        written = {arm: model.sample(prompts, 1, seed, progress) for arm, model in arms.items()}
        texts = {arm: [first.text for first, *_ in samples] for arm, samples in written.items()}
        found += _explain(told, texts, grounding_of(evidence), gate, seed)
        pairs = _pairs(told, texts, seed)
        metrics |= {"explain_subjects": float(len(told)), "explain_seconds": time.perf_counter() - started}
    return HeldOut(pa.Table.from_pylist(found, schema=EVALUATIONS), pairs, metrics)


@dataclass(frozen=True)
class _Lottery:
    """Draws what is asked about from the rows ``inside`` the window, by hash."""

    events: VisibleEvents
    inside: Sequence[int]
    alignment: AlignmentConfig
    seed: int

    def judged(self, count: int) -> list[Asked]:
        """Up to ``count`` events, up to half of them of each label."""
        labels = self.events.labels
        ready = [self._ready([row for row in self.inside if labels[row] == label]) for label in (1, 0)]
        rows = [row for same in ready for row in islice(same, (count + 1) // 2)][:count]
        return [(row, judge_example(self.events, row, self.alignment)) for row in rows]

    def chosen(self, count: int, candidates: int) -> list[Choice]:
        """Up to ``count`` real likes, each among ``candidates - 1`` items its user had not met by then."""
        found: list[Choice] = []
        others = candidates - 1
        for row in self._ready([row for row in self.inside if self.events.labels[row] == 1 and self.events.real[row]]):
            if len(found) == count:
                break
            event = self.events.event_ids[row]
            by_hash = {_hash(self.seed, event, item.item_id): item for item in self.events.strangers(row)}
            strangers = [by_hash[drawn] for drawn in sorted(by_hash)[:others]]
            if len(strangers) == others:
                place = int(_hash(self.seed, "place", event), 16) % (others + 1)
                among = [*strangers[:place], self.events.item(row), *strangers[place:]]
                examples = [choose_example(self.events, row, item, self.alignment) for item in among]
                found.append((row, place, among, examples))
        return found

    def told(self, rows: Sequence[Row], count: int) -> list[Row]:
        """Evidence rows of up to ``count`` subjects with real events in the window, up to half of them of each side."""
        ids = {"item": self.events.item_ids, "user": self.events.user_ids}
        found: list[Row] = []
        for side, share in (("item", (count + 1) // 2), ("user", count // 2)):
            active = {ids[side][row] for row in self.inside if self.events.real[row]}
            known = [row for row in rows if row["side"] == side and row["subject_id"] in active]
            # As in training: without facts there is nothing to explain.
            drawn = [row for row in known if row["evidence_text"] and row["facts"]]
            found += sorted(drawn, key=lambda row: _hash(self.seed, row["side"], row["subject_id"]))[:share]
        return found

    def _ready(self, rows: Sequence[int]) -> Iterator[int]:
        """Those of ``rows`` whose user has liked enough before, in random order; looked up as they are needed."""
        drawn = sorted(rows, key=lambda row: _hash(self.seed, "event", self.events.event_ids[row]))
        return (row for row in drawn if self.events.likes_before(row) >= self.alignment.min_likes)


def _judge(asked: Sequence[Asked], events: VisibleEvents, arms: Arms, seed: int) -> list[Row]:
    labels = np.array([events.labels[row] for row, _ in asked], dtype=int)
    outcomes = _yes(arms, [example for _, example in asked])
    outcomes[COUNTS] = np.array([_rates(events, row) for row, _ in asked], dtype=float)
    users = [events.user_ids[row] for row, _ in asked]
    return _rows("judge_auc", outcomes, users, {}, lambda p, weights: weighted_auc(p, labels, weights), seed)


def _choose(choices: Sequence[Choice], candidates: int, events: VisibleEvents, arms: Arms, seed: int) -> list[Row]:
    right = [place for _, place, _, _ in choices]
    by_arm = _yes(arms, [example for _, _, _, examples in choices for example in examples])
    by_arm[COUNTS] = np.array(
        [_events(events, row, item) for row, _, among, _ in choices for item in among], dtype=float
    )
    likeliest = {arm: found.reshape(-1, candidates).argmax(axis=1) for arm, found in by_arm.items()}
    outcomes = {arm: np.equal(found, right).astype(float) for arm, found in likeliest.items()}
    users = [events.user_ids[row] for row, *_ in choices]
    return _rows("choose_accuracy", outcomes, users, {}, weighted_mean, seed)


def _rates(events: VisibleEvents, row: int) -> float:
    """How much others like the item of an event, and its user what they meet, strictly before it."""
    item = events.item_standing(events.item_ids[row], int(events.times[row]))
    return like_rate(item) + like_rate(events.user_standing(row))


def _events(events: VisibleEvents, row: int, item: ShownItem) -> int:
    """How many events ``item`` has strictly before that of ``row``."""
    return events.item_standing(item.item_id, int(events.times[row])).events


def _explain(told: Sequence[Row], texts: Texts, grounding: Grounding, gate: GateConfig, seed: int) -> list[Row]:
    slices: dict[str, list[int]] = {side: [n for n, row in enumerate(told) if row["side"] == side] for side in SIDES}
    subjects = [f"{row['side']}/{row['subject_id']}" for row in told]
    parsed, grounded = {}, {}
    for arm, written in texts.items():
        reasons = [tidy_reason(text, gate, row) for text, row in zip(written, told, strict=True)]
        parsed[arm] = np.array([reason is not None for reason in reasons], dtype=float)
        claims = [grounding.ungrounded_claims(reason or "", row) for reason, row in zip(reasons, told, strict=True)]
        grounded[arm] = parsed[arm] * np.array([not claimed for claimed in claims], dtype=float)
    found = {"explain_parse_share": parsed, "explain_grounded_share": grounded}
    return [row for metric in found for row in _rows(metric, found[metric], subjects, slices, weighted_mean, seed)]


def _pairs(told: Sequence[Row], texts: Texts, seed: int) -> list[Row]:
    keys = ("side", "subject_id", "title")
    pairs = [{key: row[key] for key in keys} | {arm: texts[arm][n] for arm in texts} for n, row in enumerate(told)]
    return sorted(pairs, key=lambda pair: _hash(seed, "pair", pair["side"], pair["subject_id"]))[:PAIRS]


def _yes(arms: Arms, examples: Sequence[Example]) -> dict[str, np.ndarray]:
    """P(yes) of each example by each arm, float64 ``(len(examples),)``."""
    prompts = [with_answer_start(example.prompt, ANSWER) for example in examples]
    nothing = np.zeros((0, len(YES_NO)))
    found = {arm: model.choice_probabilities(prompts, YES_NO) if prompts else nothing for arm, model in arms.items()}
    return {arm: probabilities[:, 0] for arm, probabilities in found.items()}


def _rows(
    metric: str,
    outcomes: Mapping[str, np.ndarray],
    resampled: Sequence[str],
    slices: Mapping[str, Sequence[int]],
    measure: Measure,
    seed: int,
) -> list[Row]:
    """Rows of EVALUATIONS of slice ``all`` and each of ``slices``: the arms and their contrasts, from outcomes (n,).

    ``resampled`` (n,) names the user or subject of each outcome, which the bootstrap draws.
    """
    ids, position = np.unique(np.array(resampled, dtype=str), return_inverse=True)
    weights = draw(len(ids), 1, RESAMPLES, seed).users[:, position]
    rows: list[Row] = []
    for name, members in {"all": list(range(len(resampled))), **slices}.items():
        by_arm = {
            arm: measure(found[members], weights[:, members]) if members else np.full(RESAMPLES + 1, np.nan)
            for arm, found in outcomes.items()
        }
        by_arm |= {f"{one} − {other}": by_arm[one] - by_arm[other] for one, other in CONTRASTS if other in outcomes}
        for arm, replicates in by_arm.items():
            held = interval(replicates, CONFIDENCE)
            row = {"subject": "aligned_llm", "arm": arm, "metric": metric, "slice": name, "n": len(members)}
            rows.append(row | {"value": held.value, "ci_low": held.low, "ci_high": held.high})
    return rows


def _hash(seed: int, *parts: str) -> str:
    return hash_text("/".join([str(seed), *parts]))
