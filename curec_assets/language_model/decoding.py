"""The sampling loop: each prompt is read once, its key-value cache shared by all its samples, finished rows dropped.

Every sample draws from a stream of its own, so it depends on its prompt, its key and its number alone, not on which
other prompts share the batch (up to rounding: another batch shape may sum in another order, which in low precision can
tip a draw).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from curec_assets.language_model.config import SamplingConfig
from curec_assets.language_model.growing_cache import growing_cache
from curec_assets.progress import Progress, silent

NUCLEUS_TOKENS = 512
"""A nucleus holds at most this many tokens: sorting a whole vocabulary at each step would cost as much as the model."""

DROP_SHARE = 0.125
"""Finished rows leave the batch once they make up this share of it; each departure copies the cache."""


@dataclass(frozen=True)
class Continuations:
    """What is to be written after one prompt: ``n`` samples, drawn from streams seeded by ``key``."""

    prompt: tuple[int, ...]
    n: int
    key: tuple[int, ...]


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    requests: Sequence[Continuations],
    sampling: SamplingConfig,
    end_ids: Collection[int],
    pad_id: int,
    batch_size: int,
    progress: Progress = silent,
) -> list[list[list[int]]]:
    """Generated token ids of each request's samples, in order; an end token is kept where one was drawn.

    At most ``batch_size`` samples (or one request's, where those are more) are written side by side, prompts of
    similar length together.
    """
    written: list[list[list[int]]] = [[] for _ in requests]
    queue = sorted(range(len(requests)), key=lambda index: len(requests[index].prompt))
    done = 0
    while queue:
        taken: list[int] = []
        rows = 0
        while queue and (not taken or rows + requests[queue[0]].n <= batch_size):
            rows += requests[queue[0]].n
            taken.append(queue.pop(0))
        batch = _decode_batch(model, [requests[index] for index in taken], sampling, end_ids, pad_id)
        for index, samples in zip(taken, batch, strict=True):
            written[index] = samples
        done += len(taken)
        progress("generate", done, len(requests))
    return written


@torch.inference_mode()
def next_token_logits(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], pad_id: int, batch_size: int
) -> torch.Tensor:
    """Logits of the token that follows each prompt: float32 ``(len(prompts), vocabulary)``, in order."""
    rows: list[torch.Tensor | None] = [None] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    for start in range(0, len(order), batch_size):
        taken = order[start : start + batch_size]
        logits, _, _ = _prefill(model, [prompts[index] for index in taken], pad_id)
        for index, row in zip(taken, logits, strict=True):
            rows[index] = row.cpu()
    found = [row for row in rows if row is not None]
    return torch.stack(found) if found else torch.zeros((0, model.config.get_text_config().vocab_size))


def _prefill(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], pad_id: int
) -> tuple[torch.Tensor, DynamicCache, torch.Tensor]:
    """Last logits (float32), cache and attention mask of left-padded prompts."""
    width = max(map(len, prompts))
    ids = torch.tensor([[pad_id] * (width - len(prompt)) + list(prompt) for prompt in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=model.device)
    cache = growing_cache(model.config.get_text_config())
    # The last states are a slice with gaps, for which torch would copy the head's whole matrix once a prompt.
    without_gaps = model.get_output_embeddings().register_forward_pre_hook(
        lambda _, states: tuple(state.contiguous() for state in states)
    )
    try:
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
    finally:
        without_gaps.remove()
    return output.logits[:, -1].float(), cache, mask


def _decode_batch(
    model: PreTrainedModel,
    requests: Sequence[Continuations],
    sampling: SamplingConfig,
    end_ids: Collection[int],
    pad_id: int,
) -> list[list[list[int]]]:
    logits, cache, mask = _prefill(model, [request.prompt for request in requests], pad_id)
    repeats = torch.tensor([request.n for request in requests], device=model.device)
    owners = torch.repeat_interleave(torch.arange(len(requests), device=model.device), repeats)
    cache.batch_select_indices(owners)
    logits, mask = logits[owners], mask[owners]
    positions = mask.sum(1, keepdim=True)
    draws = torch.tensor(np.concatenate([_draws(request, sampling) for request in requests]), device=model.device)

    rows: list[list[int]] = [[] for _ in owners]
    living = list(range(len(rows)))
    """Row number of each row that is still in the batch."""
    for step in range(sampling.max_new_tokens):
        tokens = _sample(logits, draws[:, step], sampling)
        open_rows = []
        for place, (row, token) in enumerate(zip(living, tokens.tolist(), strict=True)):
            if not _finished(rows[row], end_ids):
                rows[row].append(token)
            if not _finished(rows[row], end_ids):
                open_rows.append(place)
        if not open_rows or step + 1 == sampling.max_new_tokens:
            break
        if len(living) - len(open_rows) >= DROP_SHARE * len(living):
            kept = torch.tensor(open_rows, device=model.device)
            cache.batch_select_indices(kept)
            tokens, mask, positions, draws = tokens[kept], mask[kept], positions[kept], draws[kept]
            living = [living[place] for place in open_rows]
        mask = torch.cat([mask, mask.new_ones((len(living), 1))], dim=1)
        output = model(
            input_ids=tokens[:, None],
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
        )
        logits, positions = output.logits[:, -1].float(), positions + 1

    samples = iter(rows)
    return [[next(samples) for _ in range(request.n)] for request in requests]


def _draws(request: Continuations, sampling: SamplingConfig) -> np.ndarray:
    """Uniform numbers of shape (n, max_new_tokens); sample k's do not depend on n."""
    streams = [np.random.default_rng([*request.key, k]) for k in range(request.n)]
    return np.stack([stream.random(sampling.max_new_tokens) for stream in streams])


def _sample(logits: torch.Tensor, draws: torch.Tensor, sampling: SamplingConfig) -> torch.Tensor:
    """One token a row by inversion: the first whose cumulative probability exceeds the row's uniform draw."""
    if sampling.temperature == 0:
        return logits.argmax(dim=-1)
    probabilities = torch.softmax(logits.double() / sampling.temperature, dim=-1)
    if sampling.top_p == 1:
        return _invert(probabilities, draws)
    top, tokens = probabilities.topk(min(NUCLEUS_TOKENS, probabilities.shape[-1]), dim=-1)
    # A token stays while those before it fall short of top_p, so that the nucleus is the smallest set reaching it.
    kept = top * ((top.cumsum(dim=-1) - top) < sampling.top_p)
    return tokens.gather(1, _invert(kept, draws)[:, None])[:, 0]


def _invert(weights: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    cumulative = weights.cumsum(dim=-1)
    places = torch.searchsorted(cumulative, draws[:, None] * cumulative[:, -1:], right=True)[:, 0]
    return places.clamp(max=weights.shape[-1] - 1)


def _finished(row: Sequence[int], end_ids: Collection[int]) -> bool:
    return bool(row) and row[-1] in end_ids
