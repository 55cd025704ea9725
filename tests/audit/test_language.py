"""Near-duplicates are found as if every reason were compared with every other."""

from hypothesis import given
from hypothesis import strategies as st

from curec_assets.audit.config import AuditConfig
from curec_assets.audit.language import language_measures

WORDS = ("slow", "quick", "mystery", "heist", "garden", "rocket")


@given(
    reasons=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), min_size=1, max_size=12),
    overlap=st.sampled_from([0.3, 0.5, 2 / 3, 0.8, 1.0]),
)
def test_near_duplicates_are_those_with_an_overlapping_other(reasons: list[list[str]], overlap: float) -> None:
    sets = [set(words) for words in reasons]
    expected = sum(
        any(len(own & other) >= overlap * len(own | other) for m, other in enumerate(sets) if m != n)
        for n, own in enumerate(sets)
    )
    config = AuditConfig(duplicate_overlap=overlap)
    found = {measure: value for measure, bucket, value in language_measures([" ".join(r) for r in reasons], config)}
    assert found["near_duplicates"] == expected / len(reasons)


def test_terms_are_whole_words() -> None:
    found = language_measures(["Menacing, boysenberry-coloured comedy."], AuditConfig())
    assert ("loaded_terms", "all", 0.0) in found
