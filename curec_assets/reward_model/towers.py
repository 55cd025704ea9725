"""What the reward network reads of a catalogue, of events and of words, as tensors."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TextSpace:
    """Frozen vectors of one encoder, the last row standing for an unknown item.

    ``item_text`` (n_items + 1, dim) metadata; ``item_reason`` (n_items + 1, dim) mean of each item's paraphrases, read
    in histories; ``item_has_reason`` bool (n_items + 1,); ``item_likers`` (n_items + 1, ...) near where the same people
    like two items (``interactions.co_likes.co_like_vectors``), the same for every encoder.
    """

    item_text: Tensor
    item_reason: Tensor
    item_has_reason: Tensor
    item_likers: Tensor

    @property
    def dimension(self) -> int:
        return self.item_text.shape[1]


@dataclass(frozen=True)
class EventInputs:
    """A batch of events as tensors (B rows): all but the reasons.

    ``item`` int64; ``show_id`` bool; ``rates`` float32 (B, RATE_FEATURES); ``history_item`` int64, ``history_label``
    float32 and ``history_mask`` bool, all (B, L); ``history_reasons`` bool (B,): this user may see item reasons.
    """

    item: Tensor
    show_id: Tensor
    rates: Tensor
    history_item: Tensor
    history_label: Tensor
    history_mask: Tensor
    history_reasons: Tensor


@dataclass(frozen=True)
class Words:
    """Reasons or interests of B rows: ``adapted`` (B, width), the learned "none" where not ``present`` (B,); their
    centred unit ``vectors`` (B, dim), zero where not present; and the catalogue rows of the titles they ``name`` (B,
    NAMED), the unknown item where none is left."""

    adapted: Tensor
    vectors: Tensor
    present: Tensor
    named: Tensor

    def take(self, rows: Tensor) -> "Words":
        """The words of ``rows`` (int64), which may repeat."""
        return Words(*(getattr(self, name).index_select(0, rows) for name in self.__dataclass_fields__))

    def replaced(self, where: Tensor, other: "Words") -> "Words":
        """These words, but ``other``'s in the rows where ``where`` (B,) is true."""
        return Words(
            torch.where(where[:, None], other.adapted, self.adapted),
            torch.where(where[:, None], other.vectors, self.vectors),
            torch.where(where, other.present, self.present),
            torch.where(where[:, None], other.named, self.named),
        )


@dataclass(frozen=True)
class ItemTables:
    """Per catalogue row (n_items + 1): adapted ``text``, what the item's ``reason`` adds to a history event, the
    centred unit ``vectors`` of its text, and ``likers`` as in the text space."""

    text: Tensor
    reason: Tensor
    vectors: Tensor
    likers: Tensor


@dataclass(frozen=True)
class EventTower:
    """What the network makes of events before any reason is read; computed once and scored with many reasons."""

    item: Tensor
    history_item: Tensor
    candidate: Tensor
    text: Tensor
    slots: Tensor
    slot_mask: Tensor
    history_text: Tensor
    likes: Tensor
    dislikes: Tensor
    rates: Tensor

    def take(self, rows: Tensor) -> "EventTower":
        """The towers of ``rows`` (int64), which may repeat."""
        return EventTower(*(getattr(self, name).index_select(0, rows) for name in self.__dataclass_fields__))
