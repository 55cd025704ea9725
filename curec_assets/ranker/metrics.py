"""The measures rankers are judged by, each weighted by event so that a bootstrap of users is one more row of weights.

Functions take weights of shape (replicates, events), or (replicates, users) where they say so, and return
(replicates,); a replicate in which the measure is undefined (no weight, one class) is nan. Weights of one give the
plain measure.
"""

import numpy as np

CHUNK = 4_000_000
"""Weights held at once, in numbers: bounds memory at some 100 MB whatever the number of replicates."""
PAIRS_PER_EVENT = 8
"""Pairs of users per event from which counting pairs is no longer the cheaper way."""


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``sum w v / sum w``."""
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, weights @ values / total, np.nan)


def weighted_auc(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The chance that a liked event outscores a disliked one, ties half: ``roc_auc_score`` with ``sample_weight``."""
    order = np.argsort(scores, kind="stable")
    ranked, liked = scores[order], labels[order] > 0
    tied_from = np.searchsorted(ranked, ranked, side="left")
    tied_to = np.searchsorted(ranked, ranked, side="right")
    found = []
    for part in _chunks(weights):
        weight = part[:, order].astype(np.float64)
        negative = np.where(liked, 0.0, weight)
        below = np.concatenate([np.zeros((len(part), 1)), np.cumsum(negative, axis=1)], axis=1)
        beaten = 0.5 * (below[:, tied_from] + below[:, tied_to])
        pairs = (weight - negative).sum(axis=1) * below[:, -1]
        with np.errstate(invalid="ignore", divide="ignore"):
            won = ((weight - negative) * beaten).sum(axis=1)
            found.append(np.where(pairs > 0, won / pairs, np.nan))
    return np.concatenate(found)


def clustered_auc(scores: np.ndarray, labels: np.ndarray, user: np.ndarray, user_weights: np.ndarray) -> np.ndarray:
    """``weighted_auc`` where an event weighs what its user does; ``user_weights`` is (replicates, users).

    While users are few beside events, pairs of events are counted once, by whose they are, and weighed for all
    replicates at once: several times faster than to go through all events for each.
    """
    present, user = np.unique(user, return_inverse=True)
    user_weights = user_weights[:, present]
    if len(present) ** 2 > PAIRS_PER_EVENT * len(user):
        return weighted_auc(scores, labels, user_weights[:, user])
    users = len(present)
    order = np.argsort(scores, kind="stable")
    ranked, liked, owner = scores[order], labels[order] > 0, user[order]
    ours = np.flatnonzero(liked)[np.argsort(owner[liked], kind="stable")]
    tied_from = np.searchsorted(ranked, ranked[ours], side="left")
    tied_to = np.searchsorted(ranked, ranked[ours], side="right")
    starts = np.flatnonzero(np.diff(owner[ours], prepend=-1))
    disliked = np.flatnonzero(~liked)
    weights = user_weights.astype(np.float64)
    won = np.zeros(len(weights))
    step = max(1, CHUNK // (max(len(ranked), users) + 1))
    for first in range(0, users, step):
        mine = disliked[(owner[disliked] >= first) & (owner[disliked] < first + step)]
        below = np.zeros((len(ranked) + 1, min(step, users - first)))
        below[mine + 1, owner[mine] - first] = 1.0
        below = np.cumsum(below, axis=0)
        # beats[u, v]: how often a like of u's outscores a dislike of v's.
        beats = np.zeros((users, below.shape[1]))
        if len(ours):
            beats[owner[ours[starts]]] = np.add.reduceat(0.5 * (below[tied_from] + below[tied_to]), starts, axis=0)
        won += (weights @ beats * weights[:, first : first + step]).sum(axis=1)
    pairs = (weights @ np.bincount(owner[ours], minlength=users)) * (
        weights @ np.bincount(owner[disliked], minlength=users)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, won / pairs, np.nan)


def user_aucs(scores: np.ndarray, labels: np.ndarray, user: np.ndarray, users: int) -> tuple[np.ndarray, np.ndarray]:
    """Each user's own AUC (nan where a user has one class) and number of events, both (users,)."""
    liked = labels > 0
    order = np.lexsort((scores, user))
    by_user, ranked, positive = user[order], scores[order], liked[order]
    # Mid-ranks inside (user, score) ties turn the AUC into a rank sum.
    new = np.ones(len(order), dtype=bool)
    new[1:] = (by_user[1:] != by_user[:-1]) | (ranked[1:] != ranked[:-1])
    group = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    middle = (first + np.append(first[1:], len(order)) - 1) / 2.0
    events = np.bincount(user, minlength=users)
    starts = np.cumsum(events) - events
    rank = middle[group] - starts[by_user]
    positives = np.bincount(by_user, positive, minlength=users)
    rank_sum = np.bincount(by_user, rank * positive, minlength=users)
    pairs = positives * (events - positives)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = (rank_sum - positives * (positives - 1) / 2.0) / pairs
    return np.where(pairs > 0, own, np.nan), events


def group_auc(scores: np.ndarray, labels: np.ndarray, user: np.ndarray, user_weights: np.ndarray) -> np.ndarray:
    """``sum_u w_u n_u AUC_u / sum_u w_u n_u`` over users with both classes (GAUC of the DIN paper); ``user_weights`` is
    (replicates, users), ``n_u`` the user's events."""
    own, events = user_aucs(scores, labels, user, user_weights.shape[1])
    whole = ~np.isnan(own)
    return weighted_mean(own[whole], user_weights[:, whole] * events[whole])


def log_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each event's negative log-likelihood in nats, from logits so that sure mistakes stay finite."""
    return np.logaddexp(0.0, np.where(labels > 0, -logits, logits).astype(np.float64))


def target_ranks(scores: np.ndarray, target: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Rank (float64, 1 is best) of each row's ``target`` column among the ``allowed`` columns of ``scores``.

    Ties share the mean of their ranks: a constant score earns chance, not the top. The target always counts as allowed.
    """
    rows = np.arange(len(scores))
    own = scores[rows, target][:, None]
    others = allowed.copy()
    others[rows, target] = False
    above = ((scores > own) & others).sum(axis=1)
    equal = ((scores == own) & others).sum(axis=1)
    return 1.0 + above + 0.5 * equal


def top_k_values(ranks: np.ndarray, cutoffs: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Per event, with one relevant item at rank r: ``hr@k = [r <= k]``, ``ndcg@k = [r <= k] / log2(1 + r)`` (the ideal
    DCG is 1) and ``mrr = 1 / r``."""
    values = {}
    for k in cutoffs:
        hit = ranks <= k
        values[f"hr@{k}"] = hit.astype(np.float64)
        values[f"ndcg@{k}"] = np.where(hit, 1.0 / np.log2(1.0 + ranks), 0.0)
    return {**values, "mrr": 1.0 / ranks}


def _chunks(weights: np.ndarray) -> list[np.ndarray]:
    rows = max(1, CHUNK // max(1, weights.shape[1]))
    return [weights[start : start + rows] for start in range(0, len(weights), rows)]
