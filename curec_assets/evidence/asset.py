"""The evidence asset: what behaviour says of each subject."""

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("duckdb", "parquet")
def evidence(run: WindowRun) -> Published:
    """What behaviour says of each item and user touched in the window, as of its end.

    Co-liked items by lift, the likers' categories, what dislikers liked instead; recent likes and dislikes, categories
    above the crowd's share, where a user parts from the crowd (`sql/evidence/`):

    ```
    lift = (observed + prior) / (expected if liking were independent + prior)
    ```

    Counted from the evidence group alone, so that no reason is later judged on an event it has seen.
    """
    from curec_assets.evidence.build import build_evidence
    from curec_assets.interactions.cleaning import good_events

    table = build_evidence(
        good_events(run.read.up_to("cleaned_interactions")),
        run.read.up_to("items"),
        run.window.start,
        run.window.end,
        run.profile.evidence,
    )
    sides = table["side"].to_pylist()
    facts = sum(len(found) for found in table["facts"].to_pylist())
    metrics = {
        "items": sides.count("item"),
        "users": sides.count("user"),
        "facts_per_subject": facts / max(1, len(table)),
    }
    return run.publish(table, metrics)
