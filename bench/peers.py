"""Is the ranker strong before reasons help it? `id_only` beside well-kept peers, on the same events, in one run.

Every peer and every ranker learns from the events before a window and is judged on that window, by the same code and
the same resampled users. What a peer can choose (its grid below) is chosen on the window before the one it is judged
on. Needs the optional extra: pip install -e '.[bench]'
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from scipy.sparse import csr_matrix, hstack

from bench.data import ask_for_window, fields_of, make_data, run_of, shipped_chain, window_asked
from bench.held_back import Held, trained_before
from bench.peer_models import CTR_PEERS, TOP_K_PEERS, CtrPeer, TopKPeer
from curec_assets.configuration.windows import Window, microseconds
from curec_assets.lake.window_run import WindowRun
from curec_assets.language_model.encoder import TextEncoder, load_encoder
from curec_assets.ranker.backbone import Task, make_queries
from curec_assets.ranker.bootstrap import interval
from curec_assets.ranker.config import BackboneName, RankerConfig
from curec_assets.ranker.din import company
from curec_assets.ranker.evaluate import TOP_K_BATCH, Trial
from curec_assets.ranker.events import Events
from curec_assets.ranker.folder import BACKBONES
from curec_assets.ranker.metrics import target_ranks
from curec_assets.ranker.popularity import popularity_of_catalogue, popularity_of_items
from curec_assets.ranker.versions import window_starts

SHOWN = {"din": ("auc", "group_auc"), "sasrec": ("ndcg@10", "hr@10")}
HEADER = "| backbone's task | scorer | chosen | measures | minus id_only | n |\n|---|---|---|---|---|---|"
UNASKED = {"arms": ("id_only",), "seeds": (0,), "epochs": 1, "sasrec_epochs": 1, "bootstrap_samples": 20}
"""Of the window before: nothing but peers is judged on it, and only to choose; no ranker of it is ever asked."""
HISTORY = 200
BATCH = 4096


@dataclass(frozen=True)
class Split:
    """What a peer sees of one window: what came before it, and the events that it is judged on."""

    trial: Trial
    categories: np.ndarray
    starts: np.ndarray
    """Starts of all windows up to the judged one."""

    @property
    def learned(self) -> Events:
        """All events before the window."""
        events = self.trial.world.log.events
        return events.at(events.ts < self.trial.start)

    def ranks(self, peer: TopKPeer, setting: float, events: Events) -> np.ndarray:
        """Rank of each event's item, by scores of users as of the event."""
        universe, log = self.trial.world.universe, self.trial.world.log
        shape = (len(universe.user_ids), len(universe.item_ids))
        liked = self.learned.at(self.learned.label > 0)
        train = csr_matrix((np.ones(len(liked), np.float32), (liked.user, liked.item)), shape=shape)
        train.data[:] = 1.0
        histories = log.histories(events.user, events.ts, HISTORY)
        query, place = np.nonzero((histories.item >= 0) & (histories.label == 1))
        queries = csr_matrix(
            (np.ones(len(query), np.float32), (query, histories.item[query, place])), shape=(len(events), shape[1])
        )
        queries.data[:] = 1.0
        scores = peer(train, queries, setting)
        # Whom it knows nothing of, it offers what is popular.
        cold = np.asarray(queries.sum(axis=1)).ravel() == 0
        popular = np.asarray(train.sum(axis=0)).ravel()
        scores = np.where(cold[:, None], popular[None], scores)
        parts = [slice(at, at + TOP_K_BATCH) for at in range(0, len(events), TOP_K_BATCH)]
        found = [target_ranks(scores[rows], events.item[rows], self.trial.allowed(events.at(rows))) for rows in parts]
        return np.concatenate([np.zeros(0), *found])

    def logits(self, peer: CtrPeer, setting: float, events: Events) -> np.ndarray:
        """Scores of the events, by features as of each."""
        learned = self.learned
        return peer(self._features(learned), learned.label.astype(int), self._features(events), setting)

    def _features(self, events: Events) -> csr_matrix:
        universe, log = self.trial.world.universe, self.trial.world.log
        histories = log.histories(events.user, events.ts, HISTORY)
        had = histories.item >= 0
        sign = np.where(histories.label == 1, 1.0, -1.0) * had
        tastes = np.einsum("nl,nlc->nc", sign, self.categories[histories.item]) / np.maximum(had.sum(1), 1)[:, None]
        fit = (tastes * self.categories[events.item]).sum(axis=1)
        item, user = log.item_facts(events.item, events.ts), log.user_facts(events.user, events.ts)
        dense = np.column_stack([item, user, fit, np.log1p(had.sum(axis=1)) / 5, self._company(events)])
        rows, ones = np.arange(len(events)), np.ones(len(events))
        item_id = csr_matrix((ones, (rows, events.item)), shape=(len(events), len(universe.item_ids)))
        user_id = csr_matrix((ones, (rows, events.user)), shape=(len(events), len(universe.user_ids)))
        return csr_matrix(hstack([csr_matrix(dense), csr_matrix(self.categories[events.item]), item_id, user_id]))

    def _company(self, events: Events) -> np.ndarray:
        log, length = self.trial.world.log, self.trial.shared.config.history_events
        co_liked = torch.from_numpy(log.co_liked(self.starts))
        found = [np.zeros((0, 4))]
        for at in range(0, len(events), BATCH):
            part = events.at(slice(at, at + BATCH))
            queries = make_queries(log, part.user, part.ts, self.starts, length)
            found.append(company(co_liked, queries, torch.from_numpy(part.item)[:, None])[:, 0].numpy())
        return np.concatenate(found)


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table of `id_only`, popularity and the peers, each with its difference to `id_only`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_window(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a field of the ranker's configuration, e.g. sasrec_epochs=16",
    )
    asked = parser.parse_args(arguments)
    window = window_asked(parser, asked)
    changes = fields_of(asked.set)
    with TemporaryDirectory() as folder:
        measure(window, changes, Path(folder))


def measure(window: str, changes: Mapping[str, object], folder: Path) -> None:
    """Make the data up to ``window`` in ``folder``, train and judge everything, print the table."""
    chain = shipped_chain()
    make_data(chain, window, folder)
    run = run_of(chain, "ranker_evaluation", window, folder)
    fixed = {"arms": ["id_only"], "recommend_arm": "id_only", "backbones": ["din", "sasrec"], "seeds": [0, 1, 2]}
    config = RankerConfig.model_validate({**run.profile.ranker.model_dump(mode="json"), **fixed, **changes})
    encoder = load_encoder(run.profile.encoder)
    windows = chain.all_windows()
    at = windows.index(run.window)
    split = _split(run, windows[: at + 1], config, encoder, folder)
    before = _split(run, windows[:at], config.model_copy(update=UNASKED), encoder, folder)
    print(HEADER)
    for backbone in config.backbones:
        compare(backbone, BACKBONES[backbone].task, split, before)


def _split(
    run: WindowRun, windows: Sequence[Window], config: RankerConfig, encoder: TextEncoder, folder: Path
) -> Split:
    """`id_only` trained before the last of ``windows``, and that window to judge on."""
    trial = trained_of(run, windows, config, encoder, folder / f"ranker-{windows[-1].key}")
    items = run.read.up_to("items").to_pylist()
    known = {row["item_id"]: row["categories"] or () for row in items}
    names = sorted({category for found in known.values() for category in found})
    held = [[float(name in known.get(item, ())) for name in names] for item in trial.world.universe.item_ids]
    return Split(trial, np.array(held), window_starts([microseconds(window.start) for window in windows]))


def trained_of(
    run: WindowRun, windows: Sequence[Window], config: RankerConfig, encoder: TextEncoder, output: Path
) -> Trial:
    """As ``trained_before``, of what ``run`` reads, with all evidence there is; the last of ``windows`` is judged."""
    held = Held(run.chain, tuple(windows), run.read.up_to("cleaned_interactions"), run.read.up_to("items"))
    return trained_before(held, run.read.up_to_previous("evidence"), config, encoder, output)


def compare(backbone: BackboneName, task: Task, split: Split, before: Split) -> None:
    """Print a row of `id_only` as trained in ``split``, and one of each peer, its setting chosen on ``before``."""
    trial, events = split.trial, split.trial.test_events(task)
    judge = trial.judge_of(backbone, events)
    own = judge.replicates(trial.outcomes(backbone, "id_only", events))
    scorers: dict[str, tuple[str, np.ndarray]] = {
        name: ("", outcome) for name, outcome in _popularity(trial, task, events).items()
    }
    if task == "ctr":
        for name, (ctr_peer, grid) in CTR_PEERS.items():
            best = _chosen(backbone, task, before, partial(before.logits, ctr_peer), grid)
            scorers[name] = (f"{best:g}", split.logits(ctr_peer, best, events))
    else:
        for name, (top_k_peer, grid) in TOP_K_PEERS.items():
            best = _chosen(backbone, task, before, partial(before.ranks, top_k_peer), grid)
            scorers[name] = (f"{best:g}", split.ranks(top_k_peer, best, events))
    first = SHOWN[backbone][0]
    _print(backbone, "id_only", "", [own[metric, "all"] for metric in SHOWN[backbone]], None, len(events))
    for name, (setting, outcome) in scorers.items():
        found = judge.replicates([outcome] * len(trial.config.seeds))
        values = [found[metric, "all"] for metric in SHOWN[backbone]]
        _print(backbone, name, setting, values, found[first, "all"] - own[first, "all"], len(events))


def _popularity(trial: Trial, task: Task, events: Events) -> dict[str, np.ndarray]:
    log, days = trial.world.log, trial.config.recent_days
    if task == "ctr":
        return {str(name): likes for name, likes in popularity_of_items(log, events.item, events.ts, days).items()}
    order = np.argsort(events.ts, kind="stable")
    events = events.at(order)
    found = {}
    for name, counts in popularity_of_catalogue(log, events.ts, days).items():
        ranks = np.empty(len(events))
        ranks[order] = target_ranks(counts, events.item, trial.allowed(events))
        found[str(name)] = ranks
    return found


def _chosen(
    backbone: BackboneName,
    task: Task,
    before: Split,
    outcome: Callable[[float, Events], np.ndarray],
    grid: Sequence[float],
) -> float:
    """The setting that is best on the window before."""
    events = before.trial.test_events(task)
    judge = before.trial.judge_of(backbone, events)
    metric = SHOWN[backbone][0]
    values = [
        float(judge.replicates([outcome(setting, events)] * len(before.trial.config.seeds))[metric, "all"][0])
        for setting in grid
    ]
    return grid[int(np.argmax(values))]


def _print(
    backbone: str, name: str, setting: str, values: Sequence[np.ndarray], difference: np.ndarray | None, n: int
) -> None:
    def told(replicates: np.ndarray) -> str:
        held = interval(replicates, 0.95)
        if held.value is None or held.low is None or held.high is None:
            return "–"
        return f"{held.value:.4f} [{held.low:.4f}, {held.high:.4f}]"

    measures = "; ".join(f"{metric} {told(of)}" for metric, of in zip(SHOWN[backbone], values, strict=True))
    print(f"| {backbone} | {name} | {setting} | {measures} | {'' if difference is None else told(difference)} | {n} |")


if __name__ == "__main__":
    main()
