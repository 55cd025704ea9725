"""The interaction assets: catalogue, rows as they came, people, and the events that everything else is made of."""

from collections import Counter

import pyarrow.compute as pc

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("duckdb", "parquet")
def items(run: WindowRun) -> Published:
    """Catalogue rows first seen in the window: id, title, categories, description, first_seen.

    Titles lose their HTML; what was done to a title stands in title_code.
    """
    from curec_assets.interactions.sources import open_source

    source = open_source(run.chain.data_set, run.chain.folder)
    table = source.items_first_seen(run.window.start, run.window.end, opening=run.is_first_window)
    repaired = Counter(code for code in table["title_code"].to_pylist() if code)
    metrics = {"items": len(table), **{f"title_{code}": count for code, count in sorted(repaired.items())}}
    return run.publish(table, metrics, source_fingerprint=source.fingerprints()["items"])


@window_asset("duckdb", "parquet")
def raw_interactions(run: WindowRun) -> Published:
    """Rows of the source whose time lies in the window, as text, untouched.

    Rows with no readable or possible time belong to no window: they go to the source's ledger of rejects, with a code.
    """
    from curec_assets.interactions.sources import open_source

    source = open_source(run.chain.data_set, run.chain.folder)
    rejects = source.rejects()
    run.lake.publish_rejects(rejects)
    codes = Counter(rejects["reject_code"].to_pylist())
    table = source.interactions(run.window.start, run.window.end)
    metrics = {"rows": len(table), **{f"rejected_{code}": count for code, count in sorted(codes.items())}}
    return run.publish(table, metrics, source_fingerprint=source.fingerprints()["raw_interactions"])


@window_asset("duckdb", "parquet")
def users(run: WindowRun) -> Published:
    """People first seen in the window whom the source describes: id, attributes, first_seen; no rows where it describes
    none.

    No model reads them: the evaluation tells groups apart by them, the audit reports how far its errors differ.
    """
    from curec_assets.interactions.sources import open_source
    from curec_assets.lake.schemas import USERS

    if not run.chain.data_set.describes_users:
        return run.publish(USERS.empty_table(), {"note": "the source describes no users"})
    source = open_source(run.chain.data_set, run.chain.folder)
    table = source.users_first_seen(run.window.start, run.window.end, opening=run.is_first_window)
    told = Counter(name for attributes in table["attributes"].to_pylist() for name, _ in attributes)
    metrics = {"users": len(table), **{f"with_{name}": count for name, count in sorted(told.items())}}
    return run.publish(table, metrics, source_fingerprint=source.fingerprints()["users"])


@window_asset("duckdb", "parquet")
def cleaned_interactions(run: WindowRun) -> Published:
    """Events with a label, and the rows that cannot be events with a quarantine code.

    raw = cleaned + quarantined + merged duplicates, checked before publishing. A like is a rating at or above the data
    set's threshold; in implicit data every event is one.
    """
    from curec_assets.interactions.cleaning import clean_interactions

    cleaned = clean_interactions(run.read.at("raw_interactions"), run.read.up_to("items"), run.chain.data_set)
    likes = pc.sum(cleaned.table["label"]).as_py() or 0
    return run.publish(cleaned.table, {**cleaned.counts, "likes": likes})
