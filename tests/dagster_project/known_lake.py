"""A lake written by hand, three windows of a few rows each: small enough to know the answer to any question."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from curec_assets.lake.catalogue import ensure_catalogue
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import ASSET_SCHEMAS, REJECTS, reason_embeddings
from tests.lake.manifests import manifest_of

CHAIN = "known"
JANUARY, FEBRUARY, MARCH = "2020-01", "2020-02", "2020-03"
ENDS = {JANUARY: "2020-02-01", FEBRUARY: "2020-03-01", MARCH: "2020-04-01"}
SCHEMAS = {**ASSET_SCHEMAS, "reason_embeddings": reason_embeddings(2)}

HEAT_FIRST = "Fans of Heat also like Speed."
HEAT_NEXT = "Fans of Heat also like Alien."
SPEED = "Fans of Speed like Alien too."
FARGO_ARRIVED = "For those who enjoy crime."
FARGO = "Fans of Fargo also like Heat."
INTEREST_FIRST, INTEREST_NEXT = "This person likes crime.", "This person likes horror of late."

Row = Mapping[str, Any]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def write_known_lake(root: Path) -> Path:
    """The lake with its catalogue; returns its root."""
    lake = Lake(root, CHAIN)
    for asset, windows in WORLD.items():
        for window, rows in windows.items():
            table = pa.Table.from_pylist([dict.fromkeys(SCHEMAS[asset].names) | row for row in rows], SCHEMAS[asset])
            manifest = manifest_of(asset, window, rows=len(rows))
            metrics = {"tokens_generated": 100.0, "reviews": 2.0} if asset == "corrected_reasons" else {}
            lake.publish(table, replace(manifest, metrics=metrics, seconds=1.5))
    rejected = {"source_row": 7, "reject_code": "unreadable_time", "raw": "u1,heat,yesterday"}
    lake.publish_rejects(pa.Table.from_pylist([rejected], schema=REJECTS))
    ensure_catalogue(root, [CHAIN])
    return root


def _item(item_id: str, title: str, categories: list[str], first_seen: str) -> Row:
    return {"item_id": item_id, "title": title, "categories": categories, "first_seen": day(first_seen)}


def _user(user_id: str, first_seen: str, **attributes: str) -> Row:
    return {"user_id": user_id, "attributes": sorted(attributes.items()), "first_seen": day(first_seen)}


def _event(moment: str, user: str, item: str, label: int) -> Row:
    named = {"event_id": f"{user} {item} {moment}", "user_id": user, "item_id": item}
    return named | {"ts": day(moment), "rating": 5.0 if label else 1.0, "label": label, "merged_duplicates": 0}


def _quarantined(source_row: int, code: str, detail: str) -> Row:
    event = _event("2020-01-20", "u9", "gone", 0) | {"label": None, "source_row": source_row}
    return event | {"quarantine_code": code, "quarantine_detail": detail}


def _evidence(side: str, subject: str, window: str, facts: Iterable[tuple[str, str, float]]) -> Row:
    told = [{"kind": kind, "text": text, "weight": weight} for kind, text, weight in facts]
    named = {"side": side, "subject_id": subject, "evidence_hash": f"{subject} {window}", "as_of": day(ENDS[window])}
    return named | {"facts": told, "events_in_window": 3}


def _review(subject: str, window: str, action: str, cause: str, reason: str | None, **more: Any) -> Row:
    side = "user" if subject.startswith("u") else "item"
    named = {"side": side, "subject_id": subject, "action": action, "cause": cause, "reason": reason}
    made = {"policy_id": f"rl_policy@{window}:p", "reward_model_id": f"reward_model@{window}:r"}
    return named | made | {"valid_from": day(ENDS[window]), "evidence_hash": f"{subject} {window}"} | more


def _embedding(subject: str, role: str, valid_from: str, embedding: list[float] | None) -> Row:
    named = {"side": "item", "subject_id": subject, "role": role, "valid_from": day(valid_from)}
    return named | {"embedding": embedding}


def _model(asset: str, window: str, name: str, parents: list[str], latest: str) -> Row:
    named = {"artifact_id": f"{asset}@{window}:{name}", "parents": parents, "latest_ts_seen": day(latest)}
    return named | {"rows_seen": 9, "evaluations": [], "curves": []}


def _ranked(arm: str, value: float, n: int) -> Row:
    return {"subject": "ranker", "backbone": "din", "arm": arm, "metric": "auc", "slice": "all", "value": value, "n": n}


def _recommended(user: str, rank: int, item: str, reason: str | None) -> Row:
    because = [{"item_id": "heat", "title": "Heat (1995)", "attention": 0.7}]
    why = [{"part": "history", "item_id": "heat", "text": "Heat (1995)", "score_drop": 0.25}]
    served = {"because": because, "why": why, "arm": "corrected_reasons", "served": True}
    return {"user_id": user, "rank": rank, "item_id": item, "score": -float(rank), "reason": reason, **served}


def _audited(measure: str, arm: str, bucket: str, value: float | None, n: int) -> Row:
    return {"measure": measure, "arm": arm, "bucket": bucket, "value": value, "n": n}


_ARRIVED = {"valid_from": day("2020-02-10"), "evidence_hash": None, "reward_model_id": None}
_SEEN = ["cleaned_interactions@2020-01:a", "evidence@2020-01:b"]

WORLD: Mapping[str, Mapping[str, list[Row]]] = {
    "items": {
        JANUARY: [
            _item("heat", "Heat (1995)", ["Crime", "Drama"], "2020-01-10"),
            _item("speed", "Speed (1994)", ["Action"], "2020-01-12"),
            _item("alien", "Alien (1979)", ["Horror"], "2020-01-12"),
        ],
        FEBRUARY: [_item("fargo", "Fargo (1996)", ["Crime"], "2020-02-10")],
        MARCH: [],
    },
    "users": {
        JANUARY: [_user("u1", "2020-01-10", age="31", gender="F"), _user("u2", "2020-01-12", gender="M")],
        FEBRUARY: [],
        MARCH: [_user("u3", "2020-03-01", gender="F")],
    },
    "raw_interactions": {JANUARY: [{"source_row": n} for n in range(8)], FEBRUARY: [], MARCH: []},
    "cleaned_interactions": {
        JANUARY: [
            _event("2020-01-10", "u1", "heat", 1),
            _event("2020-01-12", "u2", "heat", 0),
            _event("2020-01-12", "u1", "speed", 1),
            _quarantined(5, "unknown_item", "the items file has no item gone"),
            _quarantined(6, "rating_off_scale", "the rating 11.0 lies outside 1.0 to 5.0"),
            _quarantined(4, "rating_off_scale", "the rating 9.0 lies outside 1.0 to 5.0"),
        ],
        FEBRUARY: [
            _event("2020-02-01", "u2", "speed", 1),
            _event("2020-02-09", "u1", "fargo", 1),
            _event("2020-02-10", "u2", "fargo", 1),
        ],
        MARCH: [
            _event("2020-03-01", "u3", "heat", 1),
            _event("2020-03-05", "u1", "alien", 1),
            _event("2020-03-06", "u2", "alien", 0),
        ],
    },
    "evidence": {
        JANUARY: [
            _evidence("item", "heat", JANUARY, [("co_liked", "Speed (1994)", 2.0), ("liker_category", "Action", 1.5)]),
            _evidence("item", "speed", JANUARY, [("co_liked", "Alien (1979)", 1.2)]),
            _evidence("user", "u1", JANUARY, [("recent_like", "Heat (1995)", 0.1)]),
        ],
        FEBRUARY: [
            _evidence("item", "heat", FEBRUARY, [("co_liked", "Alien (1979)", 3.0), ("liker_category", "Action", 1.5)]),
            _evidence("user", "u1", FEBRUARY, [("recent_like", "Fargo (1996)", 0.1)]),
        ],
        MARCH: [
            _evidence("item", "heat", MARCH, [("liker_category", "Action", 1.5)]),
            _evidence("item", "fargo", MARCH, [("co_liked", "Heat (1995)", 1.8), ("trend", "rising", 2.0)]),
            _evidence("user", "u1", MARCH, [("taste_moved", "Horror", 0.4), ("taste_moved", "Crime", -0.3)]),
        ],
    },
    "aligned_llm": {
        JANUARY: [_model("aligned_llm", JANUARY, "l", _SEEN, "2020-01-31")],
        FEBRUARY: [_model("aligned_llm", FEBRUARY, "l", ["aligned_llm@2020-01:l", *_SEEN], "2020-02-28")],
    },
    "reward_model": {
        JANUARY: [_model("reward_model", JANUARY, "r", _SEEN, "2020-01-31")],
        FEBRUARY: [_model("reward_model", FEBRUARY, "r", [*_SEEN, "evidence@2020-02:b"], "2020-02-28")],
    },
    "rl_policy": {
        FEBRUARY: [
            _model("rl_policy", FEBRUARY, "p", ["aligned_llm@2020-02:l", "reward_model@2020-02:r"], "2020-02-28")
        ],
    },
    "draft_reasons": {
        JANUARY: [{"side": "item", "subject_id": "heat", "sample": 0, "reason": "Heat is hot.", "grounded": False}],
    },
    "corrected_reasons": {
        JANUARY: [
            _review("heat", JANUARY, "created", "new", HEAT_FIRST, reward=0.02, first_sample="Heat is long."),
            _review("speed", JANUARY, "created", "new", SPEED, reward=-0.01),
            _review("u1", JANUARY, "created", "new", INTEREST_FIRST, reward=0.01),
        ],
        FEBRUARY: [
            _review("fargo", FEBRUARY, "arrived", "first_seen", FARGO_ARRIVED, **_ARRIVED),
            _review("heat", FEBRUARY, "corrected", "ungrounded", HEAT_NEXT, previous_reason=HEAT_FIRST, reward=0.04),
            _review("speed", FEBRUARY, "kept", "exposed", SPEED, previous_reason=SPEED, gain=-0.2),
        ],
        MARCH: [
            _review("fargo", MARCH, "corrected", "drifted", FARGO, previous_reason=FARGO_ARRIVED, gain=0.1, reward=0.1),
            _review("heat", MARCH, "withdrawn", "ungrounded", None, previous_reason=HEAT_NEXT),
            _review("u1", MARCH, "corrected", "drifted", INTEREST_NEXT, previous_reason=INTEREST_FIRST, gain=0.3),
        ],
    },
    "reason_embeddings": {
        JANUARY: [
            _embedding("heat", "corrected", "2020-02-01", [1.0, 0.0]),
            _embedding("speed", "corrected", "2020-02-01", [0.6, 0.8]),
        ],
        FEBRUARY: [
            _embedding("fargo", "arrival", "2020-02-10", [0.0, 1.0]),
            _embedding("heat", "corrected", "2020-03-01", [0.8, 0.6]),
        ],
        MARCH: [
            _embedding("heat", "corrected", "2020-04-01", None),
            _embedding("fargo", "corrected", "2020-04-01", [0.8, 0.6]),
            _embedding("fargo", "draft", "2020-04-01", [0.6, 0.8]),
        ],
    },
    "ranker_evaluation": {
        FEBRUARY: [_ranked("id_only", 0.6, 100), _ranked("corrected_reasons", 0.7, 100)],
        MARCH: [
            _ranked("id_only", 0.8, 300),
            _ranked("corrected_reasons", 0.7, 300),
            _ranked("corrected_reasons − id_only", -0.1, 300),
            *(
                {
                    "subject": "correction",
                    "arm": "accepted − incumbent",
                    "metric": metric,
                    "slice": "item",
                    "value": value,
                    "n": 6,
                }
                for metric, value in (("later_gain", 0.05), ("later_gain_subjects", 2.0))
            ),
        ],
    },
    "recommendations": {
        FEBRUARY: [
            _recommended("u1", 1, "alien", None),
            _recommended("u1", 2, "speed", SPEED),
            _recommended("u2", 1, "alien", None),
            _recommended("u4", 1, "heat", HEAT_NEXT),
            _recommended("u1", 1, "heat", HEAT_NEXT) | {"arm": "popularity", "served": False},
        ],
        MARCH: [_recommended("u1", 1, "speed", SPEED)],
    },
    "bias_audit": {
        MARCH: [
            _audited("event_share", "events", "d10", 0.5, 5),
            _audited("exposure_share", "recommended", "d10", 0.8, 8),
            _audited("reason_share", "recommended", "d10", 0.25, 8),
            _audited("exposure_gini", "events", "all", 0.3, 4),
            _audited("catalogue_coverage", "events", "all", 1.0, 4),
            _audited("exposure_gini", "id_only", "all", 0.9, 4),
            _audited("catalogue_coverage", "id_only", "all", 0.5, 4),
            _audited("review_share", "item_reasons", "d10", 1.0, 2),
            _audited("reward", "item_reasons", "d10", 0.1, 1),
            _audited("review_share", "item_reasons", "d01", 0.0, 0),
            _audited("auc_gap", "din/id_only", "items_0 − items_21_plus", -0.2, 50) | {"ci_low": -0.3, "ci_high": -0.1},
            _audited("auc_gap", "din/id_only", "gender F − others", 0.05, 60) | {"ci_low": -0.02, "ci_high": 0.12},
            _audited("user_groups_left_out", "din/every_arm", "gender", 0.0, 3),
            _audited("user_groups_left_out", "din/every_arm", "age", 4.0, 1),
        ],
    },
}
