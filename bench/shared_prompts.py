"""What it saves to read a prompt once for all its completions, where GRPO scores them: both ways by turns in one run.

Random tokens, as many as prompts and completions of MovieLens-100K usually have; forward with the policy, forward with
the adapter off as the reference, and backward.
"""

import argparse
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch

from bench.data import shipped_chain

if TYPE_CHECKING:
    from curec_assets.language_model.shared_prompts import Row

PROMPT, COMPLETION, PROMPTS, ROUNDS = 110, 34, 8, 3


def main(arguments: list[str] | None = None) -> None:
    """Print seconds of both ways, their ratio, and how far log-probabilities lie apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="models", help="folder of base models, written to where it has none")
    parser.add_argument("--group", type=int, default=8, help="completions of a prompt")
    asked = parser.parse_args(arguments)
    from trl.trainer.utils import add_fused_lm_head

    from curec_assets.language_model.adapters import new_adapter
    from curec_assets.language_model.loading import base_model_folder, load_base_model
    from curec_assets.language_model.shared_prompts import read_prompts_once
    from curec_assets.language_model.training import score_completions_only

    profile = shipped_chain().profile
    base = base_model_folder(profile.language_model, Path(asked.models))
    torch.manual_seed(0)
    prompts = torch.randint(100, 40_000, (PROMPTS, PROMPT)).repeat_interleave(asked.group, dim=0)
    ids = torch.cat([prompts, torch.randint(100, 40_000, (len(prompts), COMPLETION))], dim=1)
    labels = ids.clone()
    labels[:, :PROMPT] = -100
    ways: dict[str, Any] = {}
    for name in ("a prompt a completion", "a prompt a group"):
        loaded, tokenizer = load_base_model(base, profile.language_model.dtype)
        model = new_adapter(loaded, profile.policy.adapter)
        add_fused_lm_head(model.get_base_model())
        with torch.autocast("cpu", torch.bfloat16, enabled=next(model.parameters()).dtype == torch.bfloat16):
            if not ways:
                score_completions_only(model.get_base_model())
            elif not read_prompts_once(model.get_base_model(), _probe(tokenizer.encode(__doc__))):
                raise SystemExit(f"{base.name} takes no mask of ours: there is nothing to compare")
        ways[name] = model
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    scores = {}
    for _ in range(ROUNDS):
        for name, model in ways.items():
            started = perf_counter()
            given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels, "fused_lm_head": True}
            with torch.autocast("cpu", torch.bfloat16, enabled=next(model.parameters()).dtype == torch.bfloat16):
                with torch.no_grad(), model.disable_adapter():
                    model(**given)
                found = model(**given).log_probs[:, -COMPLETION:]
            found.sum().backward()
            seconds[name].append(perf_counter() - started)
            scores[name] = found.detach().float()
    apart, once = (min(of) for of in seconds.values())
    for name, of in seconds.items():
        print(f"{name}: {min(of):.2f} s (best of {ROUNDS})")
    one, other = scores.values()
    off = float((one - other).abs().mean())
    print(f"ratio {apart / once:.2f}; log-probabilities differ by {off:.4f} nats in the mean")


def _probe(text: list[int]) -> "list[Row]":
    """Two beginnings of a text, two ways on from one of them."""
    return [(text[:24], text[24:40]), (text[:24], text[24:32]), (text[:20], text[20:32])]


if __name__ == "__main__":
    main()
