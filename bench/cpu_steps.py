"""What a small model's steps save on a CPU: each saving beside what stood before it, by turns in one run.

Random tokens: a training step over prompts with completions of a few to a few dozen tokens, as an alignment has them,
and the head behind the last states of a batch of prompts, as where samples begin.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from bench.data import shipped_chain

ROWS, PROMPT, COMPLETION, PROMPTS, ROUNDS = 12, 130, 48, 64, 3


def main(arguments: list[str] | None = None) -> None:
    """Print seconds (best of a few rounds) of each way, and how many times as fast it is as the one before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="models", help="folder of base models, written to where it has none")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(arguments)
    from curec_assets.language_model.loading import base_model_folder

    torch.set_num_threads(asked.threads)
    base = base_model_folder(shipped_chain().profile.language_model, Path(asked.models))
    torch.manual_seed(0)
    _compare("A training step", _training_steps(base))
    _compare(f"The head behind {PROMPTS} prompts", _heads(base))


def _training_steps(base: Path) -> dict[str, Callable[[], Any]]:
    """Savings one after the other, each with those before it."""
    import trl.trainer.utils
    from trl.trainer.utils import add_fused_lm_head

    from curec_assets.language_model.adapters import new_adapter
    from curec_assets.language_model.loading import load_base_model
    from curec_assets.language_model.training import VOCABULARY_TILE, score_completions_only

    profile = shipped_chain().profile
    ids = torch.randint(100, 40_000, (ROWS, PROMPT + COMPLETION))
    mask, labels = torch.ones_like(ids), ids.clone()
    for row in range(ROWS):
        # Prompts of several lengths, each with an explanation behind it.
        begin = PROMPT - 6 * row
        end = begin + COMPLETION
        labels[row, :begin], labels[row, end:], mask[row, end:] = -100, -100, 0
    of_trl = trl.trainer.utils._CHUNKED_LOGPROB_CHUNK_SIZE
    ways = (
        ("as TRL lays it out", of_trl, False),
        ("labelled places alone", of_trl, True),
        ("in tiles for a cache", VOCABULARY_TILE, True),
    )

    def step(tile: int, alone: bool) -> Callable[[], None]:
        loaded, _ = load_base_model(base, profile.language_model.dtype)
        model = new_adapter(loaded, profile.alignment.adapter)
        add_fused_lm_head(model.get_base_model())
        if alone:
            score_completions_only(model.get_base_model())

        def run() -> None:
            trl.trainer.utils._CHUNKED_LOGPROB_CHUNK_SIZE = tile
            with torch.autocast("cpu", torch.bfloat16, enabled=loaded.dtype == torch.bfloat16):
                loss = model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True).loss
            loss.backward()

        return run

    return {name: step(tile, alone) for name, tile, alone in ways}


def _heads(base: Path) -> dict[str, Callable[[], Any]]:
    from curec_assets.language_model.loading import load_base_model

    model, _ = load_base_model(base, shipped_chain().profile.language_model.dtype)
    # As behind an adapter. Where the head takes a gradient, torch is content with the slice.
    head = model.requires_grad_(False).get_output_embeddings()
    last = torch.randn(PROMPTS, PROMPT, head.in_features, dtype=model.dtype)[:, -1:]

    def run(states: torch.Tensor) -> None:
        with torch.inference_mode():
            head(states)

    return {"from a slice": lambda: run(last), "without gaps": lambda: run(last.contiguous())}


def _compare(title: str, ways: dict[str, Callable[[], Any]]) -> None:
    seconds: dict[str, float] = {}
    for turn in range(ROUNDS + 1):
        for name, run in ways.items():
            started = perf_counter()
            run()
            if turn:
                seconds[name] = min(seconds.get(name, float("inf")), perf_counter() - started)
    print(title)
    before = None
    for name, taken in seconds.items():
        print(f"  {name:<22} {taken:7.2f} s" + (f"  {before / taken:.2f} times as fast" if before else ""))
        before = taken


if __name__ == "__main__":
    main()
