"""Does RL raise the reward on subjects it was not tuned on? One window, without the chain before it.

The reward model reads the verbalised evidence of every subject, the policy starts from a fresh alignment; both are made
of what lies up to the end of the window asked for. Then GRPO, and the policy beside the aligned model, and beside
evidence as text, on subjects kept out of it.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bench.data import TUNED_UP_TO, ask_for_window, fields_of, make_data, run_of, shipped_chain, window_asked
from curec_assets.configuration.chain import Chain
from curec_assets.lake.schemas import DRAFT_REASONS
from curec_assets.lake.window_run import WindowRun

if TYPE_CHECKING:
    from curec_assets.reward_model.scoring import RewardScorer
    from curec_assets.rl_policy.train import PolicyTraining


def main(arguments: list[str] | None = None) -> None:
    """Print Markdown tables: curves by quarter of the run, and paired differences on held-out subjects."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_window(parser, TUNED_UP_TO)
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a field of the profile's policy"
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="of steps, each on from the last with other subjects of the month"
    )
    parser.add_argument(
        "--work", type=Path, help="keep the window's reward model and alignment here, and use them where they are"
    )
    asked = parser.parse_args(arguments)
    if asked.rounds < 1:
        parser.error("--rounds must be 1 or more")
    window = window_asked(parser, asked)
    chain = shipped_chain(asked.chain)
    policy = chain.profile.policy
    policy = type(policy).model_validate({**policy.model_dump(), **fields_of(asked.set)})
    chain = chain.model_copy(update={"profile": chain.profile.model_copy(update={"policy": policy})})
    with TemporaryDirectory() as folder:
        measure(chain, window, asked.rounds, folder_of(chain, window, asked.work or Path(folder)))


def folder_of(chain: Chain, window: str, work: Path) -> Path:
    """Where ``work`` keeps what was made of one window: the models of another would judge months that they know."""
    return work / chain.name / window


@dataclass(frozen=True, eq=False)
class BeforeRL:
    """What RL starts from in one window: the run that it reads by, the base and the aligned adapter, the scorer."""

    run: WindowRun
    evidence: pa.Table
    base: Path
    aligned: Path
    scorer: "RewardScorer"


def before_rl(chain: Chain, window: str, folder: Path) -> BeforeRL:
    """Make what RL needs in ``folder`` where it is not there yet: data, reward model, a fresh alignment."""
    from curec_assets.aligned_llm.train import align
    from curec_assets.interactions.labels import labelled_events
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.language_model.loading import base_model_folder
    from curec_assets.reward_model.scoring import RewardScorer
    from curec_assets.reward_model.train import train_reward_model

    profile = chain.profile
    run = run_of(chain, "rl_policy", window, folder)
    if not (folder / "lake").exists():
        make_data(chain, window, folder)
    evidence = run.read.up_to("evidence")
    cleaned = labelled_events(
        run.read.up_to("cleaned_interactions"), chain.data_set, profile.negatives_per_positive, profile.seed
    )
    encoder, gold_encoder = load_encoder(profile.encoder), load_encoder(profile.gold_encoder)
    base = base_model_folder(profile.language_model, folder / "models")
    reward_model, aligned = folder / "reward_model", folder / "aligned"
    if not reward_model.exists():
        items = run_of(chain, "reward_model", window, folder).read.up_to("items")
        train_reward_model(
            cleaned,
            evidence,
            DRAFT_REASONS.empty_table(),
            items,
            encoder,
            gold_encoder,
            profile.reward_model,
            run.seed,
            reward_model,
        )
    if not aligned.exists():
        align(
            evidence,
            cleaned,
            base,
            None,
            aligned,
            profile.language_model,
            profile.alignment,
            profile.gate,
            run.seed,
        )
    return BeforeRL(run, evidence, base, aligned, RewardScorer.load(reward_model, cleaned, encoder, gold_encoder))


def measure(chain: Chain, window: str, rounds: int, folder: Path) -> None:
    """Make what RL needs in ``folder``, tune ``rounds`` times, and print the tables."""
    from curec_assets.language_model.beside import open_beside
    from curec_assets.reasons.catalogue_names import grounding_of
    from curec_assets.rl_policy.held_out import ALIGNED, BESIDE_EVIDENCE, CONTRAST, evaluate_policy
    from curec_assets.rl_policy.subjects import panel_rewards, rl_subjects
    from curec_assets.rl_policy.train import train_policy

    profile = chain.profile
    made = before_rl(chain, window, folder)
    run, base, aligned, scorer = made.run, made.base, made.aligned, made.scorer
    config, grounding = profile.policy, grounding_of(made.evidence)
    all_rounds = config.model_copy(update={"steps": rounds * config.steps})
    drawn = rl_subjects(made.evidence, run.window, scorer, all_rounds, run.seed)
    started, share = perf_counter(), config.steps * config.prompts_per_step
    if len(drawn.tuned) <= (rounds - 1) * share:
        sys.exit(
            f"error: {len(drawn.tuned)} subjects of {window} have {config.min_panel_events} panel events to tune on, "
            f"and a round takes {share}: none is left for round {rounds}; ask for fewer with --rounds"
        )
    policies: list[Path] = []
    for number in range(rounds):
        subjects = drawn.tuned[number * share : (number + 1) * share]
        tuned = folder / f"policy{number + 1}"
        training = train_policy(
            subjects,
            panel_rewards(scorer, config),
            panel_rewards(scorer, config, gold=True),
            base,
            aligned,
            policies[-1] if policies else None,
            tuned,
            profile.language_model,
            config,
            profile.gate,
            grounding,
            run.seed + number,
            progress=lambda step, done, of: print(step, done, of, f"{perf_counter() - started:.0f} s", file=sys.stderr),
        )
        policies.append(tuned)
        print(f"tuned on {len(subjects)} subjects in {perf_counter() - started:.0f} s", file=sys.stderr)
        _print_curves(training)
    sampling = profile.sampling.model_copy(update={"max_new_tokens": config.max_completion_tokens})
    before, after = open_beside(base, [aligned, policies[-1]], profile.language_model, sampling)
    found = evaluate_policy(before, after, drawn.held_out, scorer, config, profile.gate, grounding, run.seed)
    print("\n| metric | slice | aligned | policy − aligned | policy − evidence_text | n |\n|---|---|---|---|---|---|")
    rows = {(row["metric"], row["slice"], row["arm"]): row for row in found.to_pylist()}
    for metric, part in dict.fromkeys((metric, part) for metric, part, _ in rows):
        start, gain = (rows[metric, part, arm] for arm in (ALIGNED, CONTRAST))
        beside = rows.get((metric, part, BESIDE_EVIDENCE))
        cells = [f"{start['value']:.4f}", _with_interval(gain), _with_interval(beside) if beside else ""]
        print(f"| {metric} | {part} | {' | '.join(cells)} | {gain['n']} |")


def _print_curves(training: "PolicyTraining") -> None:
    print("| curve | first quarter | second | third | last |\n|---|---|---|---|---|")
    for name in dict.fromkeys(point["name"] for point in training.curves):
        values = [point["value"] for point in training.curves if point["name"] == name]
        quarters = [values[len(values) * part // 4 : len(values) * (part + 1) // 4] for part in range(4)]
        print(f"| {name} | " + " | ".join(f"{sum(of) / max(1, len(of)):.4f}" for of in quarters) + " |")


def _with_interval(row: dict[str, Any]) -> str:
    held = "" if row["ci_low"] is None else f" [{row['ci_low']:.5f}, {row['ci_high']:.5f}]"
    return f"{row['value']:+.5f}{held}"


if __name__ == "__main__":
    main()
