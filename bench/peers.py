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
import pyarrow as pa
from scipy.sparse import csr_matrix, hstack
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from bench.data import LAST_DEVELOPMENT_WINDOW, fields_of, make_data, run_of, shipped_chain
from curec_assets.configuration.windows import Window
from curec_assets.lake.schemas import reason_embeddings
from curec_assets.lake.window_run import WindowRun
from curec_assets.language_model.encoder import TextEncoder, load_encoder
from curec_assets.ranker.backbone import Task
from curec_assets.ranker.bootstrap import interval
from curec_assets.ranker.config import BackboneName, RankerConfig
from curec_assets.ranker.evaluate import TOP_K_BATCH, Trial
from curec_assets.ranker.events import Events
from curec_assets.ranker.folder import open_folder
from curec_assets.ranker.metrics import target_ranks
from curec_assets.ranker.popularity import popularity_of_catalogue, popularity_of_items
from curec_assets.ranker.prepare import prepare
from curec_assets.ranker.train import train_ranker

SEED = 0
SHOWN = {"din": ("auc", "group_auc"), "sasrec": ("ndcg@10", "hr@10")}
TopKPeer = Callable[[csr_matrix, csr_matrix, float], np.ndarray]
"""Scores (queries, items) from training likes (users, items), the likes of each query's user before the query (queries,
items), and one setting."""
CtrPeer = Callable[[csr_matrix, np.ndarray, csr_matrix, float], np.ndarray]
"""Scores (n,) of test features, from training features and labels, and one setting."""


def ease(train: csr_matrix, queries: csr_matrix, penalty: float) -> np.ndarray:
    """EASE (Steck 2019) by Cornac."""
    from cornac.data import Dataset
    from cornac.models import EASE

    rows = train.tocoo()
    data = Dataset.from_uir([(str(u), int(i), 1.0) for u, i in zip(rows.row, rows.col, strict=True)], seed=SEED)
    model = EASE(lamb=penalty, posB=False, verbose=False).fit(data)
    items = np.array(list(data.iid_map))
    scores = np.zeros(queries.shape)
    scores[:, items] = queries[:, items] @ np.asarray(model.B)
    return scores


def item_knn(train: csr_matrix, queries: csr_matrix, neighbours: float) -> np.ndarray:
    """Cosine item-kNN by implicit."""
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=int(neighbours))
    model.fit(train, show_progress=False)
    return np.asarray((queries @ csr_matrix(model.similarity)).todense())


def implicit_als(train: csr_matrix, queries: csr_matrix, factors: float) -> np.ndarray:
    """iALS (Hu et al. 2008) by implicit; users are folded in with their likes so far."""
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(int(factors), regularization=0.1, alpha=10.0, iterations=15, random_state=SEED)
    model.fit(train, show_progress=False)
    known = model.recalculate_user(np.arange(queries.shape[0]), queries)
    return np.asarray(known @ model.item_factors.T)


def bpr(train: csr_matrix, queries: csr_matrix, factors: float) -> np.ndarray:
    """BPR (Rendle et al. 2009) by implicit. It folds nobody in, so a user is the mean of the items liked so far."""
    from implicit.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(int(factors), iterations=100, random_state=SEED)
    model.fit(train, show_progress=False)
    items = np.asarray(model.item_factors)
    liked = np.maximum(np.asarray(queries.sum(axis=1)), 1)
    return np.asarray((queries @ items[:, :-1]) / liked @ items[:, :-1].T + items[:, -1])


def logistic_regression(train: csr_matrix, labels: np.ndarray, test: csr_matrix, strength: float) -> np.ndarray:
    """Logistic regression over ids and features."""
    return LogisticRegression(C=strength, max_iter=1000).fit(train, labels).decision_function(test)


def boosted_trees(train: csr_matrix, labels: np.ndarray, test: csr_matrix, leaves: float) -> np.ndarray:
    """Gradient-boosted trees over features; ids are too many for splits."""
    model = HistGradientBoostingClassifier(max_leaf_nodes=int(leaves), learning_rate=0.05, random_state=SEED)
    dense = model.fit(train[:, :DENSE].toarray(), labels)
    return dense.decision_function(test[:, :DENSE].toarray())


TOP_K_PEERS: Mapping[str, tuple[TopKPeer, Sequence[float]]] = {
    "ease": (ease, (100.0, 400.0, 1600.0)),
    "item_knn": (item_knn, (100, 400, 1600)),
    "implicit_als": (implicit_als, (16, 32, 64)),
    "bpr": (bpr, (8, 16, 32)),
}
CTR_PEERS: Mapping[str, tuple[CtrPeer, Sequence[float]]] = {
    "logistic_regression": (logistic_regression, (0.01, 0.03, 0.1)),
    "boosted_trees": (boosted_trees, (4, 8, 16)),
}
DENSE = 6
"""Features that are no ids: log count and like rate of item and user as of the event, how well the item's categories
fit the user's likes and dislikes so far, and the user's number of events in that."""
HISTORY = 200


@dataclass(frozen=True)
class Split:
    """What a peer sees of one window: what came before it, and the events that it is judged on."""

    trial: Trial
    categories: np.ndarray

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
        dense = np.column_stack([item, user, fit, np.log1p(had.sum(axis=1)) / 5])
        rows, ones = np.arange(len(events)), np.ones(len(events))
        item_id = csr_matrix((ones, (rows, events.item)), shape=(len(events), len(universe.item_ids)))
        user_id = csr_matrix((ones, (rows, events.user)), shape=(len(events), len(universe.user_ids)))
        return csr_matrix(hstack([csr_matrix(dense), csr_matrix(self.categories[events.item]), item_id, user_id]))


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table of `id_only`, popularity and the peers, each with its difference to `id_only`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--window", default=LAST_DEVELOPMENT_WINDOW, help="window to judge on")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a field of the ranker's configuration, e.g. sasrec_epochs=16",
    )
    asked = parser.parse_args(arguments)
    changes = fields_of(asked.set)
    with TemporaryDirectory() as folder:
        measure(asked.window, changes, Path(folder))


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
    # Nothing but peers is judged on the window before, and only to choose: no ranker of it is ever asked.
    unasked = {"seeds": (0,), "epochs": 1, "sasrec_epochs": 1, "bootstrap_samples": 20}
    split = _split(run, windows[: at + 1], config, encoder, folder)
    before = _split(run, windows[:at], config.model_copy(update=unasked), encoder, folder)
    print(f"| backbone's task | scorer | chosen | {'measures':s} | minus id_only | n |\n|---|---|---|---|---|---|")
    _compare("din", "ctr", split, before)
    _compare("sasrec", "next_item", split, before)


def _split(
    run: WindowRun, windows: Sequence[Window], config: RankerConfig, encoder: TextEncoder, folder: Path
) -> Split:
    """`id_only` trained before the last of ``windows``, and that window to judge on."""
    *earlier, judged = windows
    cleaned, items = run.read.up_to("cleaned_interactions"), run.read.up_to("items")
    evidence = run.read.up_to_previous("evidence")
    none = reason_embeddings(encoder.dimension).empty_table()
    none = none.append_column("window", pa.array([], pa.string()))
    output = folder / f"ranker-{judged.key}"
    train_ranker(cleaned, items, evidence, none, encoder, earlier, config, SEED, output)
    shared = open_folder(output, encoder.name)
    world = prepare(cleaned, items, evidence, none, encoder, judged.end, shared.items, shared.users)
    trial = Trial(output, shared, world, judged, config, SEED, implicit=False)
    known = {row["item_id"]: row["categories"] or () for row in items.to_pylist()}
    names = sorted({category for found in known.values() for category in found})
    held = [[float(name in known.get(item, ())) for name in names] for item in world.universe.item_ids]
    return Split(trial, np.array(held))


def _compare(backbone: BackboneName, task: Task, split: Split, before: Split) -> None:
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
