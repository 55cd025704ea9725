"""Does the reward model read? Paired out-of-fold differences, without a language model in the loop.

The reasons are the verbalised evidence of every subject, so what is measured is the reader and the evidence, apart from
how well a language model writes. Built up to the window asked for, which may not be one of those kept for a final test.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.data import ask_for_window, fields_of, make_data, run_of, shipped_chain, window_asked
from curec_assets.lake.schemas import DRAFT_REASONS
from curec_assets.reward_model.config import RewardModelConfig

METRICS = ("auc", "log_loss")


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table of own reason against none and against another's, by slice."""
    parser = argparse.ArgumentParser(description=__doc__)
    ask_for_window(parser)
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a field of the reward model's configuration"
    )
    asked = parser.parse_args(arguments)
    window = window_asked(parser, asked)
    with TemporaryDirectory() as folder:
        measure(window, fields_of(asked.set), Path(folder))


def measure(window: str, changes: dict[str, Any], folder: Path) -> None:
    """Make the data assets up to ``window`` in ``folder``, train the reward model of ``window`` and print the table."""
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.reward_model.train import train_reward_model

    chain = shipped_chain()
    make_data(chain, window, folder)
    profile = chain.profile
    fields = {**profile.reward_model.model_dump(), "evidence_reasons": 1_000_000, **changes}
    run = run_of(chain, "reward_model", window, folder)
    training = train_reward_model(
        run.read.up_to("cleaned_interactions"),
        run.read.up_to("evidence"),
        DRAFT_REASONS.empty_table(),
        run.read.up_to("items"),
        load_encoder(profile.encoder),
        load_encoder(profile.gold_encoder),
        RewardModelConfig.model_validate(fields),
        run.seed,
        folder / "reward_model",
    )
    print("| slice | arm | metric | value | 95 % interval | events |\n|---|---|---|---|---|---|")
    for row in training.evaluations.to_pylist():
        if row["metric"] in METRICS and (" − " in row["arm"] or row["metric"] == "auc"):
            interval = f"[{row['ci_low']:.4f}, {row['ci_high']:.4f}]"
            print(f"| {row['slice']} | {row['arm']} | {row['metric']} | {row['value']:.4f} | {interval} | {row['n']} |")
    print(f"\nfitted in {training.metrics['fitting_seconds']:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
