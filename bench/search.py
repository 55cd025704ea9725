"""Do other settings of a ranker suit an arm better than the defaults? One change at a time, judged one window ahead.

A setting is better if it is so on every window asked for, and the interval of its pooled difference lies above 0. No
window kept for a final test can be asked for.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np
import torch
import yaml

from bench.data import make_data, refuse_final, run_of, shipped_chain
from bench.held_back import RememberingEncoder
from bench.peers import SHOWN, trained_of
from curec_assets.configuration.chain import Chain
from curec_assets.language_model.encoder import load_encoder
from curec_assets.ranker.bootstrap import draw, interval
from curec_assets.ranker.config import ArmName, BackboneName, RankerConfig
from curec_assets.ranker.folder import BACKBONES

CHANGES = (
    "learning_rate=.005,.02",
    "weight_decay=1,10",
    "id_dropout=.3,.7",
    "dropout=0,.3",
    "epochs=2,8",
    "dimension=16,64",
    "history_events=10,50",
)
"""Each default of DIN less and more, mostly by a factor of two or three."""
ARMS: tuple[ArmName, ...] = ("id_only", "metadata_text", "evidence_text")
"""Arms that need no language model."""
SAMPLES = 400
CONFIDENCE = 0.95


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table: the measure of each change by window, and its paired difference to the defaults."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", choices=list(SHOWN), default="din")
    parser.add_argument(
        "--arm", choices=ARMS, default="id_only", help="evidence_text reads the evidence of all subjects"
    )
    parser.add_argument("--windows", default="1997-12,1998-01", help="judged on; none kept for the final test")
    parser.add_argument("--seeds", type=int, default=2, help="models per setting, averaged")
    parser.add_argument(
        "--set", action="append", metavar="FIELD=VALUE,VALUE", help=f"values to try (default: {' '.join(CHANGES)})"
    )
    asked = parser.parse_args(arguments)
    windows = sorted(asked.windows.split(","))
    for window in windows:
        refuse_final(parser, window)
    with TemporaryDirectory() as folder:
        measure(asked.backbone, asked.arm, windows, asked.seeds, changes_of(asked.set or CHANGES), Path(folder))


def changes_of(settings: Sequence[str]) -> list[dict[str, Any]]:
    """One change for each value of each ``field=value,value``."""
    split = [setting.split("=", 1) for setting in settings]
    return [{field: yaml.safe_load(value)} for field, values in split for value in values.split(",")]


def measure(
    backbone: BackboneName,
    arm: ArmName,
    windows: Sequence[str],
    seeds: int,
    changes: Sequence[dict[str, Any]],
    folder: Path,
) -> None:
    """Make the data up to the last of ``windows`` in ``folder``, train and judge the defaults and each change."""
    chain = shipped_chain()
    # One thread adds in one order, however many the machine has.
    torch.set_num_threads(1)
    make_data(chain, windows[-1], folder)
    fixed = {"arms": [arm], "recommend_arm": arm, "backbones": [backbone], "recommend_backbone": backbone}
    defaults = {**chain.profile.ranker.model_dump(), **fixed, "seeds": range(seeds), "bootstrap_samples": SAMPLES}

    def judged(change: Mapping[str, Any]) -> list[Judged]:
        config = RankerConfig.model_validate({**defaults, **change})
        return [_judged(chain, backbone, arm, window, config, folder) for window in windows]

    print(f"| change | {' | '.join(f'{window}, minus defaults' for window in windows)} | pooled | better |")
    print("|---" * (len(windows) + 3) + "|")
    before = judged({})
    print(f"| none | {' | '.join(f'{of.replicates[0]:.4f}' for of in before)} | | |", flush=True)
    for change in changes:
        after = judged(change)
        differences = [new.replicates - old.replicates for new, old in zip(after, before, strict=True)]
        # Windows hold distinct events and are resampled apart: their mean by events is one more replicate.
        pooled = np.average(differences, axis=0, weights=[of.events for of in before])
        low = interval(pooled, CONFIDENCE).low
        better = all(of[0] > 0 for of in differences) and low is not None and low > 0
        told = [f"{of.replicates[0]:.4f}, {_told(less)}" for of, less in zip(after, differences, strict=True)]
        name = ", ".join(f"{field} {value}" for field, value in change.items())
        print(f"| {name} | {' | '.join(told)} | {_told(pooled)} | {'yes' if better else 'no'} |", flush=True)


@dataclass(frozen=True)
class Judged:
    """A measure's replicates (1 + samples,) on one window, and how many events it was measured on."""

    replicates: np.ndarray
    events: int


def _judged(
    chain: Chain, backbone: BackboneName, arm: ArmName, window: str, config: RankerConfig, folder: Path
) -> Judged:
    run = run_of(chain, "ranker_evaluation", window, folder)
    windows = [candidate for candidate in chain.all_windows() if candidate.key <= window]
    encoder = RememberingEncoder(load_encoder(run.profile.encoder), folder / "vectors.npz")
    trial = trained_of(run, windows, config, encoder, folder / "ranker")
    events = trial.test_events(BACKBONES[backbone].task)
    judge = trial.judge_of(backbone, events)
    draws = draw(judge.draws.users.shape[1], len(config.seeds), config.bootstrap_samples, crc32(window.encode()))
    whole = replace(judge, slices={"all": np.arange(len(events))}, draws=draws)
    found = whole.replicates(trial.outcomes(backbone, arm, events))
    return Judged(found[SHOWN[backbone][0], "all"], len(events))


def _told(replicates: np.ndarray) -> str:
    found = interval(replicates, CONFIDENCE)
    if found.value is None or found.low is None or found.high is None:
        return "–"
    return f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


if __name__ == "__main__":
    main()
