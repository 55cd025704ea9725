"""One embedding of an item or user from its id, its metadata text and its reason, by adaptors and learned gates."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from curec_assets.ranker.versions import Versions, distinct

INITIAL_SPREAD = 0.05
"""Standard deviation of fresh id embeddings: small, so that a rarely seen id says little."""


class Fusion(nn.Module):
    """``fused = e(id) + g_m * A_m(metadata) + g_r * A_r(reason)``, for one side (DESIGN §3.6).

    ``A`` are linear adaptors from the frozen encoder's space, ``g`` gates in (0, 1) per dimension that see all three
    parts. An absent text adds nothing, so every arm is the same network with some inputs left out: same parameters,
    same initial values, same training order. Unknown ids share one row, which training reaches by id dropout; with it
    an item no one has touched is ranked through its words.
    """

    centre: Tensor | None

    def __init__(
        self,
        ids: int,
        text_dimension: int,
        dimension: int,
        id_dropout: float,
        reason_dropout: float,
        centred: bool = False,
    ) -> None:
        """``ids`` counts the vocabulary without the unknown row; ``centred`` keeps room for ``begin_with``."""
        super().__init__()
        self.id_dropout, self.reason_dropout = id_dropout, reason_dropout
        self.ids = nn.Embedding(ids + 1, dimension)
        nn.init.normal_(self.ids.weight, std=INITIAL_SPREAD)
        self.metadata = nn.Linear(text_dimension, dimension, bias=False)
        self.reason = nn.Linear(text_dimension, dimension, bias=False)
        self.gates = nn.Linear(3 * dimension, 2 * dimension)
        self.register_buffer("centre", torch.zeros(text_dimension) if centred else None)
        self._moved: dict[int, tuple[Tensor, Tensor]] = {}

    @torch.no_grad()
    def begin_with(self, texts: Tensor, spread: float) -> None:
        """Both adaptors start as the principal directions of ``texts`` (n, text_dimension) about their centre, so that
        like texts are alike before anything is learned. ``spread`` is the standard deviation of what they give, in the
        mean over dimensions. Needs ``centred``; without a text all stays as it was."""
        found = texts[texts.any(dim=1)]
        if not len(found) or self.centre is None:
            return
        self.centre.copy_(found.mean(dim=0))
        self._moved.clear()
        values, directions = torch.linalg.eigh(torch.cov((found - self.centre).double().T, correction=0))
        dimension = len(self.ids.weight[0])
        chosen, kept = directions[:, -dimension:], values[-dimension:].clamp_min(0)
        # An eigenvector has no sign of its own; this one does not hang on the library.
        chosen = chosen * torch.sign(chosen.gather(0, chosen.abs().argmax(dim=0, keepdim=True)))
        scaled = (chosen * spread / kept.mean().sqrt().clamp_min(1e-9)).T.float()
        for adaptor in (self.metadata, self.reason):
            adaptor.weight[: len(scaled)].copy_(scaled)

    def forward(self, versions: Versions, version: Tensor) -> Tensor:
        """Fused embeddings of the given versions: shape of ``version`` plus (dimension,)."""
        found, place = distinct(version, len(versions))
        # As an embedding of the fused rows: its way back adds rows up, where that of an index sorts them first.
        return functional.embedding(place, self._fuse(versions, found))

    def _fuse(self, versions: Versions, version: Tensor) -> Tensor:
        row = versions.id_row[version]
        reason_row = versions.reason_row[version]
        if self.training:
            # Both draws are made in every arm, so that all arms draw the same numbers.
            hidden = torch.rand(2, len(row))
            row = torch.where(hidden[0] < self.id_dropout, 0, row)
            reason_row = torch.where(hidden[1] < self.reason_dropout, 0, reason_row)
        identity = self.ids(row)
        if versions.metadata is None and len(versions.reasons) == 1:
            return identity
        nothing = torch.zeros_like(identity)
        metadata = reason = nothing
        if versions.metadata is not None:
            metadata = self.metadata(self._about_centre(versions.metadata, versions.subject[version]))
        if len(versions.reasons) > 1:
            reason = self.reason(self._about_centre(versions.reasons, reason_row))
        gates = torch.sigmoid(self.gates(torch.cat([identity, metadata, reason], dim=-1)))
        metadata_gate, reason_gate = gates.chunk(2, dim=-1)
        return identity + metadata_gate * metadata + reason_gate * reason

    def train(self, mode: bool = True) -> Self:
        """As of any module; what was kept for training is let go."""
        self._moved.clear()
        return super().train(mode)

    def _about_centre(self, texts: Tensor, rows: Tensor) -> Tensor:
        """``rows`` of ``texts``, seen from the centre; an absent text is all zero and must stay so."""
        if self.centre is None:
            return texts[rows]
        if not self.training:
            return _seen_from(self.centre, texts[rows])
        # The same table serves every step of a training: moved once, not row by row in each.
        kept, moved = self._moved.get(id(texts), (None, texts))
        if kept is not texts:
            moved = _seen_from(self.centre, texts)
            self._moved[id(texts)] = (texts, moved)
        return moved[rows]


def _seen_from(centre: Tensor, texts: Tensor) -> Tensor:
    return torch.where(texts.any(dim=1, keepdim=True), texts - centre, 0.0)
