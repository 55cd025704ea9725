from curec_assets.lake.schemas import ARRIVAL_REASONS, DRAFT_REASONS
from curec_assets.language_model.prompts import arrival_prompt, explain_prompt, prompt_hash
from curec_assets.reasons.arrivals import arrival_reasons
from curec_assets.reasons.config import ArrivalConfig, DraftConfig, ReviewConfig
from curec_assets.reasons.drafts import draft_reasons
from curec_assets.reasons.review_set import choose_review_set
from curec_assets.reasons.written import Written
from tests.reasons.reason_world import (
    FIRST,
    GATE,
    GROUNDING,
    WINDOWS,
    ScriptedGenerator,
    draft_table,
    evidence_row,
    evidence_table,
    item_table,
)

SAMPLES = ["People like its slow action, as in Heat.", "Fans of Speed like its slow action too.", "No reason"]
EVIDENCE = [evidence_row("a"), evidence_row("b"), evidence_row("u", side="user", title="u")]


def scripted() -> ScriptedGenerator:
    return ScriptedGenerator(lambda prompt, number, seed: SAMPLES[number % 3])


def drafted(rows: list, generator: ScriptedGenerator) -> Written:
    review = choose_review_set(evidence_table(rows), draft_table([]), WINDOWS[0], ReviewConfig())
    return draft_reasons(review, evidence_table(rows), generator, GROUNDING, DraftConfig(samples=3), GATE, "aligned", 7)


def test_every_reviewed_subject_gets_all_its_drafts_with_the_verdict_of_both_gates() -> None:
    written = drafted(EVIDENCE, scripted())
    assert written.table.schema.equals(DRAFT_REASONS)
    of_a = [row for row in written.table.to_pylist() if row["subject_id"] == "a"]
    assert [row["reason"] for row in of_a] == [SAMPLES[0], SAMPLES[1], None]
    assert [row["grounded"] for row in of_a] == [True, False, False]
    assert of_a[1]["ungrounded_claims"] == ["Speed"]
    assert of_a[0]["prompt_hash"] == prompt_hash(explain_prompt(EVIDENCE[0]))
    assert written.metrics["samples"] == 9
    assert written.metrics["format_pass_share"] == 2 / 3
    assert written.metrics["gates_pass_share"] == 1 / 3


def test_drafts_do_not_depend_on_the_order_of_the_evidence() -> None:
    assert drafted(EVIDENCE, scripted()) == drafted(EVIDENCE[::-1], scripted())


def test_an_empty_review_set_asks_nothing_of_the_language_model() -> None:
    generator = scripted()
    written = drafted([], generator)
    assert written.table.num_rows == 0
    assert written.table.schema.equals(DRAFT_REASONS)
    assert generator.prompts == []


ITEMS = [{"item_id": str(number), "title": "Alien (1979)"} for number in range(12)]


def arrived(items: list, generator: ScriptedGenerator | None, **changes: int) -> Written:
    config = ArrivalConfig(samples=2, tokens_per_sample=10, prompt_tokens=10, **changes)
    policy = "policy-0" if generator else None
    return arrival_reasons(item_table(items), generator, GROUNDING, config, GATE, policy, 7)


def test_a_new_item_gets_its_first_sample_that_passes_both_gates() -> None:
    texts = ["Fans of Speed like its slow action too.", "People like its slow and patient action."]
    written = arrived(ITEMS[:1], ScriptedGenerator(lambda prompt, number, seed: texts[number]))
    (row,) = written.table.to_pylist()
    assert written.table.schema.equals(ARRIVAL_REASONS)
    assert (row["reason"], row["grounded"], row["valid_from"]) == (texts[1], True, FIRST)
    assert row["tokens"] == sum(len(text.split()) for text in texts)


def test_arrivals_see_metadata_alone() -> None:
    generator = scripted()
    arrived(ITEMS[:1], generator)
    assert generator.prompts == [arrival_prompt(item_table(ITEMS[:1]).to_pylist()[0])]


def test_an_arrival_that_fails_a_gate_is_written_as_what_it_is() -> None:
    (ungrounded,) = arrived(
        ITEMS[:1], ScriptedGenerator(lambda *_: "Fans of Speed like its slow action.")
    ).table.to_pylist()
    (malformed,) = arrived(ITEMS[:1], ScriptedGenerator(lambda *_: "Nope")).table.to_pylist()
    assert (ungrounded["reason"] is not None, ungrounded["grounded"]) == (True, False)
    assert (malformed["reason"], malformed["grounded"]) == (None, False)


def test_the_budget_takes_new_items_in_an_order_that_others_do_not_change() -> None:
    some = arrived(ITEMS, scripted(), tokens_per_window=90)
    assert some.table.num_rows == 3
    assert some.metrics["over_budget"] == 9
    assert arrived(ITEMS[::-1], scripted(), tokens_per_window=90) == some


def test_a_chains_first_window_has_no_policy_and_so_no_arrivals() -> None:
    written = arrived(ITEMS, None)
    assert written.table.num_rows == 0
    assert written.table.schema.equals(ARRIVAL_REASONS)
    assert written.metrics["no_policy"] == 12


def test_an_item_of_which_nothing_is_known_is_counted_and_not_explained() -> None:
    bare = {"item_id": "x", "title": "Item x", "title_code": "missing", "categories": []}
    written = arrived([bare, ITEMS[0]], scripted())
    assert written.table["subject_id"].to_pylist() == ["0"]
    assert written.metrics["no_metadata"] == 1
