"""What each column of the lake holds: said here and nowhere else, for comments in SQL, the reference and the UI.

The text stays out of the Arrow schemas: metadata of a field would become part of its table's content hash.
"""

from collections.abc import Mapping

SHARED: Mapping[str, str] = {
    "window": "Key of the time window, e.g. 1997-10 of a monthly chain; windows are cut in UTC.",
    "user_id": "The user, as the source names them.",
    "item_id": "The item, as the source names it.",
    "ts": "Time of the event, in UTC.",
    "source_row": "Number of the row in the source, the first is 1.",
    "side": "Whose reason or evidence it is: item (why people like it) or user (what this person likes, and why).",
    "subject_id": "The item_id or user_id, as side says.",
    "evidence_hash": "Names the content of the evidence it was written from; find it in evidence.evidence_hash.",
    "prompt_hash": "Names the text that the model was asked with.",
    "reason": "The reason, in one or two sentences.",
    "raw_text": "What the model wrote, before it was read as a reason.",
    "valid_from": "The moment from which it holds: the end of the window that wrote it, or an arrival's first_seen.",
    "valid_to": "The moment from which it no longer holds, excluded; null: it still does.",
    "title": "Title of the item.",
    "categories": "Its categories (genres), from the source.",
    "description": "Its description, from the source; empty where there is none.",
    "created_at": "When it was made, by the clock; no part of the content.",
    "config_hash": "Names the configuration it was made with, of the sections that matter to it.",
    "artifact_id": "<asset>@<window>:<12 hex digits of its content or weights>.",
    "parents": "artifact_id of everything it was made from, as it stood then.",
}
"""Columns that mean the same in whichever table they stand."""

OWN: Mapping[str, Mapping[str, str]] = {
    "items": {
        "first_seen": "Time of the first readable event on it; it is in the catalogue from then on.",
        "title_code": "What was done to the title: html_stripped, html_junk, missing or article_moved; "
        "null: taken as it stood.",
        "window": "The window that first_seen lies in.",
    },
    "raw_interactions": {
        "rating": "The rating as the source has it, as text.",
        "timestamp": "The time as the source has it, as text.",
        "ts": "That time, read, in UTC.",
    },
    "users": {
        "attributes": "What the source says of them, by name, e.g. attributes['gender']; what it does not tell has no "
        "key.",
        "first_seen": "Time of their first readable event; they are known from then on.",
        "window": "The window that first_seen lies in.",
    },
    "rejects": {
        "reject_code": "Why: invalid_row, unreadable_time, negative_time or future_time.",
        "raw": "The row as the source has it.",
    },
    "cleaned_interactions": {
        "event_id": "Names the event: a hash of user, item and time.",
        "rating": "The rating as a number; null where the data has none.",
        "label": "1 for a like, 0 for a dislike, by the data set's rule.",
        "quarantine_code": "Null for a good row; else why it cannot be used.",
        "quarantine_detail": "The same in words, with the value.",
        "merged_duplicates": "Further raw rows that say the same and were folded into this one.",
    },
    "quarantined_interactions": {
        "event_id": "A hash of user, item and time.",
        "rating": "The rating as a number; null where it is none.",
        "quarantine_code": "Why it cannot be used: missing_user, missing_item, unknown_item, unparseable_rating, "
        "rating_off_scale or conflicting_rating.",
        "quarantine_detail": "The same in words, with the value.",
    },
    "evidence": {
        "as_of": "End of the window: nothing at or after it was counted.",
        "title": "Title of an item; null for a user.",
        "categories": "Categories of an item; empty for a user.",
        "description": "Description of an item; null for a user.",
        "n_events": "Events of the evidence group on the subject so far.",
        "n_likes": "Likes among n_events.",
        "like_rate": "n_likes / n_events; null without events.",
        "events_in_window": "Events of everybody on the subject in this window.",
        "facts": "What was found, as (kind, text, weight). Of an item: co_liked, liker_category, dislikers_liked (the "
        "weight is a lift: 1 is chance) and trend (ratio to the time before). Of a user: recent_like, recent_dislike, "
        "parts_from_crowd (difference from the others' like rate), liked_category (lift) and taste_moved (change of "
        "its share).",
        "evidence_text": "The facts in one or two plain sentences, from a template.",
        "evidence_hash": "Names this content (all but as_of and events_in_window).",
    },
    "draft_reasons": {
        "review_cause": "Why the subject is reviewed in this window: new, drifted (its evidence moved) or exposed.",
        "sample": "Number of the draft, the first is 0.",
        "reason": "The draft; null where the text is no reason by its form.",
        "grounded": "Whether it is a reason by its form, every claim stands in the evidence, and it names some of it.",
        "ungrounded_claims": "Names in it that the evidence does not hold.",
        "policy_id": "artifact_id of the aligned LLM that wrote it.",
        "tokens": "Tokens that the model wrote.",
    },
    "arrival_reasons": {
        "reason": "The reason; null where no sample is one by its form.",
        "grounded": "Whether it is a reason by its form, every claim stands in the item's own metadata, and it names "
        "some of it; only then is it used.",
        "policy_id": "artifact_id of the RL policy of the window before, which wrote it; null where there was none.",
        "tokens": "Tokens that the model wrote for the item, over all samples.",
    },
    "corrected_reasons": {
        "window": "The window whose events and evidence the review looked at.",
        "action": "What was done: arrived, created, corrected, kept or withdrawn.",
        "cause": "Why the subject was looked at: first_seen, new, drifted (its evidence moved), exposed, score_fell, "
        "ungrounded (the reason names what the evidence no longer holds).",
        "reason": "The reason that holds after the review; null when withdrawn.",
        "previous_reason": "The incumbent: the reason that held before; null where there was none.",
        "reward": "What reason adds to predicting who likes what, by this window's reward model, in nats per event; "
        "0: no more than no reason. Null where nothing scored it.",
        "previous_reward": "The same of previous_reason, by the same model.",
        "gain": "Expected gain of the best candidate over the incumbent on acceptance events, in nats per event, also "
        "where it lost; null where no two were compared.",
        "gain_lower_bound": "Posterior quantile of the gain; the candidate replaces the incumbent where it is above 0.",
        "acceptance_events": "Events that the comparison rests on.",
        "candidates": "Candidates that the policy wrote.",
        "candidates_passing_gates": "Those of them that pass the gates: reasons by form, grounded, naming evidence.",
        "valid_from": "From when what was decided holds: the end of the window, or an arrival's first_seen.",
        "first_sample": "The first candidate that is a reason by its form, untested; the arm rl_refreshed reads it.",
        "policy_id": "artifact_id of the model that wrote the candidates.",
        "reward_model_id": "artifact_id of the model that scored them; null for arrivals, which nothing scores.",
    },
    "reason_history": {
        "window": "The window that set the reason.",
        "action": "What set it: arrived, created or corrected.",
        "cause": "Why the subject was looked at then; see corrected_reasons.cause.",
    },
    "reason_embeddings": {
        "role": "draft, arrival, rl_sample (untested) or corrected; the ranker's arms differ in the roles they read.",
        "reason_hash": "Names the embedded text; null where a reason was withdrawn.",
        "embedding": "Sentence embedding of the reason, a unit vector; null where the reason was withdrawn.",
    },
    "current_reason_embeddings": {
        "embedding": "Sentence embedding of the reason, a unit vector.",
    },
    "artifacts": {
        "asset": "What it is: aligned_llm, reward_model, rl_policy or ranker.",
        "path": "Folder of its weights, relative to the lake's root.",
        "sha256": "SHA-256 of the weights.",
        "base_model": "The language model it builds on; null where it builds on none.",
        "rows_seen": "Rows of its parents that were read.",
        "latest_ts_seen": "Time of the latest event it has seen; always before the end of its window.",
        "config": "The configuration it was made with, as JSON.",
        "metrics": "What its training measured, as JSON.",
        "curves": "Its learning curves, as (step, name, value).",
        "evaluations": "Rows of the view evaluations that were measured as it was made.",
    },
    "evaluations": {
        "subject": "The stage that is judged: aligned_llm, reward_model, rl_policy, correction, ranker or "
        "recommendations; ranker_groups: the ranker by groups of users and of items.",
        "backbone": "The ranker's or reward model's architecture (din, sasrec); null elsewhere.",
        "arm": "The variant that is measured; a name with ' − ' is a paired difference of two.",
        "metric": "The measure, e.g. auc, log_loss (lower is better), ndcg@10, later_gain; <measure>_gap is its "
        "difference between two slices.",
        "slice": "The part of the held-out set: all, items_0 (without history) to items_21_plus, new_users, "
        "returning_users, …; of ranker_groups a group of users (gender F), or two slices with ' − '.",
        "value": "The measure; null or NaN where the slice has too little.",
        "ci_low": "Lower end of its 95 % interval (the ranker's primary contrasts: jointly); null where there is none.",
        "ci_high": "Upper end of that interval.",
        "n": "Events or subjects that it was measured on.",
        "window": "The window that was judged or, for stages judged as they are made, the window that made them.",
    },
    "recommendations": {
        "rank": "Place in the user's list, 1 is best.",
        "score": "The ranker's score; comparable within one user's list.",
        "reason": "The item's reason when it was recommended; null where it carried none.",
        "because": "Liked events of the user's own history that weighed most, as (item_id, title, attention); "
        "attention is a share of the whole history's.",
        "why": "What lowers the score when it is taken away, as (part, item_id, text, score_drop); part is history "
        "(with its item), reason or interest.",
        "arm": "Whose list it is: an arm of the ranker, or popularity.",
        "served": "Whether it is offered; other rows are the lists that arms would make for a sample of the users.",
    },
    "bias_audit": {
        "measure": "What was measured, e.g. exposure_share, exposure_gini, reward, acceptance_rate, auc_gap.",
        "arm": "Of whom: catalogue, events, recommended (what is served), item_reasons, user_interests, an arm of the "
        "ranker (its lists for a sample of the users), or backbone/arm of an error gap.",
        "bucket": "all, a popularity decile (d01 is the least popular tenth, d10 the most), a loaded term, an "
        "attribute of users, or two groups with ' − '; others are all other users of whom the attribute is told.",
        "value": "The value; null where it would be taken over nothing.",
        "ci_low": "Lower end of the 95 % interval of an error gap; null of other measures.",
        "ci_high": "Upper end of that interval.",
        "n": "What it was taken over.",
    },
    "partitions": {
        "asset": "The asset; with window, it names the partition.",
        "content_hash": "SHA-256 of the rows; equal content has equal hash whenever and wherever it was made.",
        "rows": "Rows in the partition; 1 for a model.",
        "seconds": "Wall-clock seconds that it took to make.",
        "code_version": "Version of the code that made it.",
        "metrics": "Counts and measures that its stage published, as JSON.",
    },
    "user_interests": {
        "interest": "What this person likes, and why, in one or two sentences.",
        "recently_liked": "Titles that they liked of late, the latest first.",
    },
    "catalogue": {
        "fingerprint": "Names the SQL, the lake's path and the chains; where it differs, the catalogue is rebuilt.",
    },
}
"""By view or asset: columns that stand in one table alone, or mean something of their own there."""

ALIASES: Mapping[str, str] = {
    "current_reasons": "reason_history",
    "item_reasons": "reason_history",
    "user_interests": "reason_history",
    "current_reason_embeddings": "reason_embeddings",
    "aligned_llm": "artifacts",
    "reward_model": "artifacts",
    "rl_policy": "artifacts",
    "ranker": "artifacts",
    "ranker_evaluation": "evaluations",
    "arm_recommendations": "recommendations",
}
"""Tables whose columns are another's."""


def describe_column(table: str, column: str) -> str | None:
    """What ``column`` of a view or asset holds; None for one that this code does not write (an older lake's)."""
    for texts in (OWN.get(table, {}), OWN.get(ALIASES.get(table, ""), {}), SHARED):
        if column in texts:
            return texts[column]
    return None
