"""What it saves to write tokens into the key-value cache instead of copying it for each: both ways by turns in one run.

Prompts of random tokens, samples as many and as long as a chain's usually are; one round is one batch, from its prompts
to its last token.
"""

import argparse
from pathlib import Path
from statistics import median
from time import perf_counter

import torch

from bench.data import shipped_chain

PROMPT, ROUNDS = 130, 3


def main(arguments: list[str] | None = None) -> None:
    """Print seconds a batch both ways, their ratio, and whether the same tokens came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="models", help="folder of base models, written to where it has none")
    parser.add_argument("--samples", type=int, default=64, help="samples a batch, each of a prompt of its own")
    asked = parser.parse_args(arguments)
    from transformers import DynamicCache

    from curec_assets.language_model import decoding
    from curec_assets.language_model.growing_cache import growing_cache
    from curec_assets.language_model.loading import base_model_folder, load_base_model

    profile = shipped_chain().profile
    base = base_model_folder(profile.language_model, Path(asked.models))
    model, _ = load_base_model(base, profile.language_model.dtype)
    torch.manual_seed(0)
    prompts = torch.randint(100, 40_000, (asked.samples, PROMPT)).tolist()
    requests = [decoding.Continuations(tuple(prompt), 1, (7, row)) for row, prompt in enumerate(prompts)]
    ways = {"a copy a token": lambda config: DynamicCache(config=config), "written into": growing_cache}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    written = {}
    for turn in range(ROUNDS + 1):
        for name, cache in ways.items():
            decoding.growing_cache = cache
            started = perf_counter()
            written[name] = decoding.decode(model, requests, profile.sampling, (), 0, asked.samples)
            if turn:
                seconds[name].append(perf_counter() - started)
    for name, taken in seconds.items():
        print(f"{name:>15}  {median(taken):6.2f} s a batch")
    copied, grown = (median(taken) for taken in seconds.values())
    print(f"ratio {copied / grown:.2f}; the same tokens: {written['a copy a token'] == written['written into']}")


if __name__ == "__main__":
    main()
