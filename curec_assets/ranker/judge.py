"""From what models said of a window's events to rows of EVALUATIONS: measures, slices, intervals, contrasts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from curec_assets.ranker.backbone import Task
from curec_assets.ranker.bootstrap import Draws, interval, over_seeds
from curec_assets.ranker.config import BASELINE_CONTRASTS, PRIMARY_CONTRASTS, BackboneName, RankerConfig
from curec_assets.ranker.groups import Compared
from curec_assets.ranker.metrics import clustered_auc, group_auc, log_losses, top_k_values, weighted_mean
from curec_assets.ranker.slices import GROUPS

OTHERS = "others"
"""All other users of whom the attribute is told."""
Replicates = Mapping[tuple[str, str], np.ndarray]
"""Replicates (1 + samples,) of each (measure, slice); entry 0 is the measure on the window as it is."""


@dataclass(frozen=True)
class Judge:
    """The test events of one task: ``label`` and ``user`` (position among the test users) of n events, slices as rows
    of them, and the draws that all arms share."""

    backbone: BackboneName
    task: Task
    label: np.ndarray
    user: np.ndarray
    slices: Mapping[str, np.ndarray]
    draws: Draws
    config: RankerConfig

    def replicates(self, outcomes: Sequence[np.ndarray]) -> Replicates:
        """Measures of one arm from an outcome (n,) per seed: logits (``ctr``) or the target's ranks (``next_item``)."""
        found: dict[tuple[str, str], np.ndarray] = {}
        for name, rows in self.slices.items():
            by_seed = [self._measures(outcome[rows], rows) for outcome in outcomes]
            for measure in by_seed[0]:
                stacked = np.stack([measures[measure] for measures in by_seed], axis=1)
                found[measure, name] = over_seeds(stacked, self.draws)
        return found

    def shares(self, covered: Mapping[str, np.ndarray]) -> Replicates:
        """Weighted means of per-event values (n,), by name."""
        return {
            (measure, name): weighted_mean(values[rows], self.draws.users[:, self.user[rows]])
            for measure, values in covered.items()
            for name, rows in self.slices.items()
        }

    def rows(self, arm: str, replicates: Replicates) -> list[dict[str, Any]]:
        """Rows of EVALUATIONS for one arm, intervals at ``config.confidence``."""
        return [
            self._row(arm, measure, name, values, self.config.confidence)
            for (measure, name), values in replicates.items()
        ]

    def contrasts(self, by_arm: Mapping[str, Replicates]) -> list[dict[str, Any]]:
        """Paired differences of the primary and the baseline contrasts whose arms were judged.

        The intervals of the primary ones hold jointly for all of them and all backbones (Bonferroni), whichever were
        run; those of the baseline ones are each at ``config.confidence``.
        """
        measure = "auc" if self.task == "ctr" else f"ndcg@{self.config.top_k[0]}"
        comparisons = len(PRIMARY_CONTRASTS) * len(self.config.backbones)
        jointly = 1.0 - (1.0 - self.config.confidence) / comparisons
        wanted = [
            *((a, b, jointly) for a, b in PRIMARY_CONTRASTS),
            *((a, b, self.config.confidence) for a, b in BASELINE_CONTRASTS),
        ]
        return [
            self._row(f"{a} − {b}", measure, name, by_arm[a][measure, name] - by_arm[b][measure, name], confidence)
            for a, b, confidence in wanted
            if a in by_arm and b in by_arm
            for name in self.slices
        ]

    def gaps(self, arm: str, replicates: Replicates, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """Rows ``<measure>_gap`` of one arm: each pair's first slice less its second, on the same draws.

        The interval of each is at ``config.confidence``, not corrected for their number: they are exploratory.
        """
        return [
            self._gap(arm, measure, left, right, replicates[measure, left] - replicates[measure, right])
            for measure in dict.fromkeys(measure for measure, _ in replicates)
            if _tells_errors(measure)
            for left, right in pairs
        ]

    def group_gaps(
        self, arm: str, outcomes: Sequence[np.ndarray], compared: Iterable[Compared]
    ) -> list[dict[str, Any]]:
        """Rows of one arm on each group of users, and its gap to all others of whom the attribute is told."""
        rows: list[dict[str, Any]] = []
        for attribute in compared:
            for name, of_group in attribute.groups.items():
                rest = np.setdiff1d(attribute.told, of_group, assume_unique=True)
                judge = replace(self, slices={name: of_group, OTHERS: rest})
                found = judge.replicates(outcomes)
                own = {key: value for key, value in found.items() if key[1] == name and _tells_errors(key[0])}
                rows += [row | {"subject": GROUPS} for row in judge.rows(arm, own)]
                rows += judge.gaps(arm, found, [(name, OTHERS)])
        return rows

    def left_out(self, compared: Mapping[str, Compared]) -> list[dict[str, Any]]:
        """A row an attribute: how many of its groups were not compared; ``n`` counts the users of whom it is told."""
        of_none = {"ci_low": None, "ci_high": None}
        return [
            {"subject": GROUPS, "backbone": self.backbone, "arm": "every_arm", "metric": "user_groups_left_out"}
            | {"slice": name, "value": float(found.left_out), "n": found.users}
            | of_none
            for name, found in compared.items()
        ]

    def _gap(self, arm: str, measure: str, left: str, right: str, replicates: np.ndarray) -> dict[str, Any]:
        return self._row(arm, f"{measure}_gap", left, replicates, self.config.confidence) | {
            "subject": GROUPS,
            "slice": f"{left} − {right}",
            "n": len(self.slices[left]) + len(self.slices[right]),
        }

    def _measures(self, outcome: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
        weights = self.draws.users[:, self.user[rows]]
        if self.task == "next_item":
            values = top_k_values(outcome, self.config.top_k)
            return {measure: weighted_mean(value, weights) for measure, value in values.items()}
        label = self.label[rows]
        measures = {
            "auc": clustered_auc(outcome, label, self.user[rows], self.draws.users),
            "group_auc": group_auc(outcome, label, self.user[rows], self.draws.users),
            "log_loss": weighted_mean(log_losses(outcome, label), weights),
        }
        if 0 < label.sum() < len(label):
            measures["auc"][0] = roc_auc_score(label, outcome)
        return measures

    def _row(self, arm: str, measure: str, name: str, replicates: np.ndarray, confidence: float) -> dict[str, Any]:
        found = interval(replicates, confidence)
        return {
            "subject": "ranker",
            "backbone": self.backbone,
            "arm": arm,
            "metric": measure,
            "slice": name,
            "value": found.value,
            "ci_low": found.low,
            "ci_high": found.high,
            "n": len(self.slices[name]),
        }


def _tells_errors(measure: str) -> bool:
    return measure in ("auc", "log_loss") or measure.startswith("ndcg@")
