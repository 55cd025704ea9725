import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import DynamicCache, Gemma3TextConfig, LlamaConfig
from transformers.cache_utils import DynamicLayer

from curec_assets.language_model.growing_cache import ROOM, GrowingLayer, growing_cache

CONFIG = LlamaConfig(num_hidden_layers=2, hidden_size=8, num_attention_heads=2)
step = st.one_of(st.integers(1, ROOM + 1), st.lists(st.integers(0, 3), min_size=1, max_size=4))
"""Tokens that are written, or the rows (of those there are, modulo their number) that are kept."""


@given(st.lists(step, max_size=12))
def test_whatever_is_written_and_dropped_it_holds_what_the_copying_cache_holds(steps: list[int | list[int]]) -> None:
    generator = torch.Generator().manual_seed(0)
    copying, growing = DynamicCache(config=CONFIG), growing_cache(CONFIG)
    rows = 3
    for number in [5, *steps]:
        if isinstance(number, list):
            kept = torch.tensor([row % rows for row in number])
            rows = len(kept)
            copying.batch_select_indices(kept)
            growing.batch_select_indices(kept)
            continue
        for layer in range(2):
            new = torch.randn(2, rows, 2, number, 4, generator=generator)
            expected = copying.update(*new, layer)
            found = growing.update(*new, layer)
            assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
        assert growing.get_seq_length() == copying.get_seq_length()


def test_a_token_is_written_behind_the_others_without_copying_them() -> None:
    layer = GrowingLayer()
    layer.update(torch.ones(2, 1, 5, 4), torch.ones(2, 1, 5, 4))
    first, _ = layer.update(torch.ones(2, 1, 1, 4), torch.ones(2, 1, 1, 4))
    second, _ = layer.update(torch.ones(2, 1, 1, 4), torch.ones(2, 1, 1, 4))
    assert first.data_ptr() == second.data_ptr()
    assert second.shape == (2, 1, 7, 4)


def test_layers_with_a_sliding_window_stay_as_they_are() -> None:
    config = Gemma3TextConfig(num_hidden_layers=6, sliding_window=16)
    kinds = [type(layer) for layer in growing_cache(config).layers]
    assert kinds == [
        GrowingLayer if kind is DynamicLayer else kind for kind in map(type, DynamicCache(config=config).layers)
    ]
    assert len(set(kinds)) == 2
