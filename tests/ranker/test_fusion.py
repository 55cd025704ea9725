"""Texts seen from their centre: the same vectors while training, where they are kept, as in use, where they are not."""

import torch
from torch import Tensor

from curec_assets.ranker.fusion import Fusion
from curec_assets.ranker.versions import Versions

SUBJECTS, TEXT = 6, 8


def versions(seed: int) -> Versions:
    """Two versions of each subject, the second without a reason; the last subject has no metadata either."""
    generator = torch.Generator().manual_seed(seed)
    metadata = torch.rand(SUBJECTS, TEXT, generator=generator)
    metadata[-1] = 0
    reasons = torch.cat([torch.zeros(1, TEXT), torch.rand(SUBJECTS, TEXT, generator=generator)])
    subject = torch.arange(SUBJECTS).repeat(2)
    reason_row = torch.cat([torch.arange(1, SUBJECTS + 1), torch.zeros(SUBJECTS, dtype=torch.int64)])
    nothing = torch.zeros(0, dtype=torch.int64)
    return Versions(subject, subject + 1, reason_row, metadata, reasons, nothing, nothing, nothing, nothing, False)


def fused(fusion: Fusion, table: Versions) -> Tensor:
    with torch.no_grad():
        return fusion(table, torch.arange(len(table)))


def test_a_centred_text_is_fused_alike_in_training_and_in_use_whichever_table_and_centre_come_next() -> None:
    torch.manual_seed(0)
    fusion = Fusion(SUBJECTS, TEXT, 4, 0.0, 0.0, centred=True)
    for seed in (1, 2, 1):
        table = versions(seed)
        assert table.metadata is not None
        fusion.train()
        fusion.begin_with(table.metadata, 0.1)
        trained = [fused(fusion, table) for _ in range(2)]
        fusion.begin_with(table.metadata + 1, 0.1)
        moved = fused(fusion, table)
        fusion.eval()
        assert torch.equal(moved, fused(fusion, table))
        fusion.begin_with(table.metadata, 0.1)
        assert torch.equal(trained[0], fused(fusion, table))
        assert torch.equal(trained[1], trained[0])
        assert not torch.equal(trained[0], moved)


def test_an_absent_text_stays_absent_wherever_the_centre_lies() -> None:
    torch.manual_seed(0)
    fusion = Fusion(SUBJECTS, TEXT, 4, 0.0, 0.0, centred=True)
    table = versions(1)
    assert table.metadata is not None
    fusion.begin_with(table.metadata, 0.1)
    identity = fusion.ids(table.id_row[-1:])
    for training in (True, False):
        fusion.train(training)
        assert torch.equal(fused(fusion, table)[-1:], identity), "the last version has neither metadata nor reason"
