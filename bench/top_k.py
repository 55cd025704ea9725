"""Does text help SASRec to rank the whole catalogue? Arms that need no language model, on windows kept for tuning.

`id_only`, `metadata_text` and, with evidence for every subject, `evidence_text`, trained before a window and judged on
it, slice by slice. The windows that a chain is judged on are refused, and so is the chain that confirms.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.data import fields_of
from bench.held_back import (
    CHAINS,
    NO_EVIDENCE,
    Held,
    RememberingEncoder,
    evidence_of,
    hold_back,
    open_chain,
    trained_before,
)
from curec_assets.language_model.encoder import load_encoder
from curec_assets.ranker.bootstrap import interval
from curec_assets.ranker.config import ArmName, RankerConfig
from curec_assets.window_asset import prepare_torch

ARMS: tuple[ArmName, ...] = ("id_only", "metadata_text")
SHOWN = ("all", "items_0", "items_1_5", "items_6_20", "items_21_plus", "new_users", "returning_users")


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table: each arm's NDCG@10 by slice, and its paired difference to the first arm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chain", default=CHAINS[0], help=f"one of {', '.join(CHAINS)}")
    parser.add_argument("--window", help="window to judge on; by default the last that is not kept for the final test")
    parser.add_argument("--earlier", type=int, default=1, help="windows before it that evidence is written in")
    parser.add_argument("--arms", nargs="+", default=ARMS)
    parser.add_argument(
        "--peers", action="store_true", help="then hold id_only against EASE, item-kNN, iALS and BPR (extra: bench)"
    )
    parser.add_argument("--vectors", type=Path, help="file that keeps sentence vectors from one call to the next")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a field of the ranker's configuration"
    )
    asked = parser.parse_args(arguments)
    if asked.peers and "id_only" not in asked.arms:
        parser.error("--peers are held against id_only, which is not among --arms")
    changes = fields_of(asked.set)
    try:
        held = hold_back(open_chain(asked.chain), asked.window, asked.earlier)
    except ValueError as error:
        parser.error(str(error))
    with TemporaryDirectory() as folder:
        vectors = asked.vectors or Path(folder) / "vectors.npz"
        measure(held, asked.arms, changes, vectors, Path(folder), asked.peers)


def measure(
    held: Held, arms: Sequence[ArmName], changes: Mapping[str, object], vectors: Path, folder: Path, peers: bool
) -> None:
    """Train and judge ``arms`` and print the table; with ``peers``, then theirs."""
    profile = held.chain.profile
    prepare_torch(profile.threads)
    fixed = {"arms": arms, "recommend_arm": arms[0], "bootstrap_samples": 200}
    config = RankerConfig.model_validate({**profile.ranker.model_dump(mode="json"), **fixed, **changes})
    encoder = RememberingEncoder(load_encoder(profile.encoder), vectors)
    evidence = evidence_of(held) if "evidence_text" in arms else NO_EVIDENCE
    started = time.perf_counter()
    trial = trained_before(held, evidence, config, encoder, folder / "judged", _tell)
    trained = time.perf_counter()
    events = trial.test_events("next_item")
    judge = trial.judge_of("sasrec", events)
    found = {arm: judge.replicates(trial.outcomes("sasrec", arm, events)) for arm in arms}
    judged_at = time.perf_counter()
    models = len(arms) * len(config.seeds)
    print(f"| arm | metric | {' | '.join(SHOWN)} |\n|---|---|{'---|' * len(SHOWN)}")
    print(f"| events | | {' | '.join(str(len(judge.slices[name])) for name in SHOWN)} |")
    for arm, values in found.items():
        for metric in ("ndcg@10", "hr@10"):
            print(f"| {arm} | {metric} | {' | '.join(f'{values[metric, name][0]:.4f}' for name in SHOWN)} |")
    for arm in list(arms)[1:]:
        told = []
        for name in SHOWN:
            held_in = interval(found[arm]["ndcg@10", name] - found[arms[0]]["ndcg@10", name], 0.95)
            told.append("–" if held_in.low is None else f"{held_in.value:+.4f} [{held_in.low:.4f}, {held_in.high:.4f}]")
        print(f"| {arm} − {arms[0]} | ndcg@10 | {' | '.join(told)} |")
    per = (trained - started) / models, (judged_at - trained) / models
    print(f"\n{per[0]:.1f} s to train and {per[1]:.1f} s to judge a model", file=sys.stderr)
    if peers:
        from bench.peers import HEADER, UNASKED, Split, compare

        # A cut of its own: all history before the window before, and that window to choose on.
        chosen_on = hold_back(held.chain, held.windows[-2].key, 1)
        unasked = config.model_copy(update=UNASKED)
        before = trained_before(chosen_on, NO_EVIDENCE, unasked, encoder, folder / "before", _tell)
        # Peers of the task know who liked what; categories are for those that judge likes.
        one, other = (Split(of, np.zeros((0, 0)), np.zeros(0)) for of in (trial, before))
        print(f"\n{HEADER}")
        compare("sasrec", "next_item", one, other)


def _tell(step: str, done: int, total: int) -> None:
    print(f"{step} {done}/{total}", end="\r", file=sys.stderr)


if __name__ == "__main__":
    main()
