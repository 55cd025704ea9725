"""Is the aligned language model better than its base on the window after? One window, no chain before it.

A fresh adapter is trained on what lies before the window asked for, and measured on that window beside the base model:
AUC of P(yes), accuracy of the choice, and how many explanations parse and are grounded.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.data import ask_for_window, fields_of, make_data, run_of, shipped_chain, window_asked
from curec_assets.configuration.chain import Chain


def main(arguments: list[str] | None = None) -> None:
    """Print a Markdown table of both models and their difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_window(parser)
    for name, section in (("set", "alignment"), ("held-out", "held_out"), ("sampling", "sampling")):
        help_text = f"a field of the profile's {section}"
        parser.add_argument(f"--{name}", action="append", default=[], metavar="FIELD=VALUE", help=help_text)
    asked = parser.parse_args(arguments)
    window = window_asked(parser, asked)
    chain = shipped_chain()
    sections = {"alignment": asked.set, "held_out": asked.held_out, "sampling": asked.sampling}
    changed = {
        name: type(getattr(chain.profile, name)).model_validate(
            {**getattr(chain.profile, name).model_dump(), **fields_of(changes)}
        )
        for name, changes in sections.items()
    }
    chain = chain.model_copy(update={"profile": chain.profile.model_copy(update=changed)})
    with TemporaryDirectory() as folder:
        measure(chain, window, Path(folder))


def measure(chain: Chain, window: str, folder: Path) -> None:
    """Make the data assets up to ``window`` in ``folder``, align on what lies before it and print the table."""
    from curec_assets.aligned_llm.held_out import evaluate_alignment
    from curec_assets.aligned_llm.train import align
    from curec_assets.language_model.beside import open_beside
    from curec_assets.language_model.loading import base_model_folder

    make_data(chain, window, folder)
    profile = chain.profile
    run = run_of(chain, "ranker_evaluation", window, folder)
    windows = chain.all_windows()
    before = run_of(chain, "aligned_llm", windows[windows.index(run.window) - 1].key, folder)
    base = base_model_folder(profile.language_model, folder / "models")
    started = perf_counter()
    alignment = align(
        before.read.up_to("evidence"),
        before.read.up_to("cleaned_interactions"),
        base,
        None,
        folder / "adapter",
        profile.language_model,
        profile.alignment,
        profile.gate,
        before.seed,
    )
    print(f"aligned in {perf_counter() - started:.0f} s: {alignment.metrics}", file=sys.stderr)
    found = evaluate_alignment(
        *open_beside(base, [folder / "adapter"], profile.language_model, profile.sampling),
        run.read.up_to_previous("evidence"),
        run.read.up_to("cleaned_interactions"),
        run.window,
        profile.held_out,
        profile.alignment,
        profile.gate,
        run.seed,
    )
    print("| metric | slice | base | aligned | aligned − base | n |\n|---|---|---|---|---|---|")
    rows = {(row["metric"], row["slice"], row["arm"]): row for row in found.evaluations.to_pylist()}
    for metric, part in dict.fromkeys((metric, part) for metric, part, _ in rows):
        base_row, aligned, gain = (rows[metric, part, arm] for arm in ("base", "aligned", "aligned − base"))
        interval = f"{gain['value']:+.4f} [{gain['ci_low']:.4f}, {gain['ci_high']:.4f}]"
        print(f"| {metric} | {part} | {base_row['value']:.4f} | {aligned['value']:.4f} | {interval} | {gain['n']} |")
    for pair in found.pairs:
        print(f"{pair['side']}, {pair['title'] or pair['subject_id']}: {pair['aligned']}", file=sys.stderr)


if __name__ == "__main__":
    main()
