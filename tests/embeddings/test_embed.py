from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from curec_assets.configuration.windows import Window
from curec_assets.embeddings.embed import embed_reasons
from curec_assets.lake.hashing import hash_text
from curec_assets.lake.schemas import ARRIVAL_REASONS, CORRECTED_REASONS, DRAFT_REASONS, reason_embeddings
from curec_assets.language_model.encoder import HashingEncoder
from curec_assets.reasons.written import Written

WINDOW = Window("1998-01", datetime(1998, 1, 1, tzinfo=UTC), datetime(1998, 2, 1, tzinfo=UTC))
MIDMONTH = datetime(1998, 1, 15, tzinfo=UTC)


class CountingEncoder(HashingEncoder):
    """The hashing encoder, remembering the batches it was handed."""

    def __init__(self) -> None:
        super().__init__(16)
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.batches.append(list(texts))
        return super().encode(texts)


def subject(subject_id: str, **columns: Any) -> dict[str, Any]:
    return {"side": "item", "subject_id": subject_id, **columns}


def embed(
    encoder: CountingEncoder | None = None,
    arrivals: Sequence[dict] = (),
    drafts: Sequence[dict] = (),
    corrected: Sequence[dict] = (),
) -> Written:
    return embed_reasons(
        pa.Table.from_pylist(list(arrivals), schema=ARRIVAL_REASONS),
        pa.Table.from_pylist(list(drafts), schema=DRAFT_REASONS),
        pa.Table.from_pylist(list(corrected), schema=CORRECTED_REASONS),
        encoder or CountingEncoder(),
        WINDOW,
    )


def summary(written: Written) -> list[tuple]:
    return [
        (row["role"], row["subject_id"], row["reason_hash"], row["valid_from"]) for row in written.table.to_pylist()
    ]


def test_created_and_corrected_reasons_get_a_vector_from_the_windows_end() -> None:
    rows = [subject("a", action="created", reason="One."), subject("b", action="corrected", reason="Two.")]
    written = embed(corrected=rows)
    assert written.table.schema.equals(reason_embeddings(16))
    assert summary(written) == [
        ("corrected", "a", hash_text("One."), WINDOW.end),
        ("corrected", "b", hash_text("Two."), WINDOW.end),
    ]
    vectors = np.array(written.table["embedding"].to_pylist())
    assert np.allclose(vectors, HashingEncoder(16).encode(["One.", "Two."]))


def test_a_withdrawn_reason_is_a_row_without_a_vector() -> None:
    (row,) = embed(corrected=[subject("a", action="withdrawn", reason=None)]).table.to_pylist()
    assert (row["role"], row["embedding"], row["reason_hash"]) == ("corrected", None, None)


def test_what_was_kept_has_no_new_vector_and_an_arrival_is_embedded_as_one_alone() -> None:
    arrivals = [subject("b", reason="Two.", grounded=True, valid_from=MIDMONTH)]
    corrected = [
        subject("a", action="kept", reason="One."),
        subject("b", action="arrived", reason="Two.", valid_from=MIDMONTH),
    ]
    assert summary(embed(arrivals=arrivals, corrected=corrected)) == [("arrival", "b", hash_text("Two."), MIDMONTH)]


def test_an_arrival_that_failed_a_gate_is_not_embedded() -> None:
    arrivals = [subject("a", reason="Bad.", grounded=False), subject("b", reason=None, grounded=False)]
    assert embed(arrivals=arrivals).table.num_rows == 0


def test_the_first_sample_of_every_review_is_embedded_whatever_became_of_it() -> None:
    corrected = [
        subject("a", action="kept", reason="Old.", first_sample="New."),
        subject("b", action="withdrawn", reason=None, first_sample="Loose."),
    ]
    roles = [(role, name) for role, name, *_ in summary(embed(corrected=corrected))]
    assert roles == [("corrected", "b"), ("rl_sample", "a"), ("rl_sample", "b")]


def test_a_subjects_draft_is_its_first_sample_with_a_reason() -> None:
    drafts = [
        subject("a", sample=2, reason="Third."),
        subject("a", sample=0, reason=None),
        subject("a", sample=1, reason="Second."),
        subject("b", sample=0, reason=None),
    ]
    assert summary(embed(drafts=drafts)) == [("draft", "a", hash_text("Second."), WINDOW.end)]


def test_equal_texts_are_encoded_once_and_the_order_of_rows_does_not_matter() -> None:
    drafts = [subject(name, sample=0, reason="Same.") for name in "abc"]
    encoder = CountingEncoder()
    written = embed(encoder, drafts=drafts)
    assert encoder.batches == [["Same."]]
    assert written.metrics["distinct_texts"] == 1
    assert embed(drafts=drafts[::-1]) == written


def test_a_window_without_new_reasons_gives_an_empty_table_of_the_schema() -> None:
    written = embed()
    assert written.table.num_rows == 0
    assert written.table.schema.equals(reason_embeddings(16))
