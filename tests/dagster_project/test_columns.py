"""Columns in the UI: each says what it means, and what it is made from is there to be found."""

import pytest

from curec_assets.lake.schemas import ASSET_SCHEMAS, reason_embeddings
from curec_assets.lineage import LINEAGE, MODELS
from dagster_project.columns import MADE_FROM, column_lineage, relation, table_schema

TABLES = set(LINEAGE) - set(MODELS) - {"items", "raw_interactions", "users"}


@pytest.mark.parametrize("asset", LINEAGE)
def test_every_column_of_every_asset_has_a_type_and_a_meaning(asset: str) -> None:
    for column in table_schema(asset, ASSET_SCHEMAS[asset]).columns:
        assert column.type
        assert column.description, f"{asset}.{column.name}"


def test_what_stands_in_angle_brackets_is_text_to_the_markdown_of_the_ui() -> None:
    (meaning,) = [
        c.description for c in table_schema("ranker", ASSET_SCHEMAS["ranker"]).columns if c.name == "artifact_id"
    ]
    assert meaning.startswith("&lt;asset")


def test_the_length_of_embeddings_is_part_of_their_type() -> None:
    embedding = table_schema("reason_embeddings", reason_embeddings(48)).columns[-1]
    assert "48" in embedding.type


def test_every_table_made_from_tables_tells_where_its_columns_come_from() -> None:
    assert set(MADE_FROM) == TABLES
    assert column_lineage("small", "items") is None


@pytest.mark.parametrize("asset", MADE_FROM)
def test_columns_come_from_columns_of_declared_parents(asset: str) -> None:
    lineage = column_lineage("small", asset)
    assert lineage is not None
    parents = {edge.asset for edge in LINEAGE[asset].edges}
    assert set(lineage.deps_by_column) <= set(ASSET_SCHEMAS[asset].names)
    for deps in lineage.deps_by_column.values():
        for dep in deps:
            chain, parent = dep.asset_key.path
            assert chain == "small"
            assert parent in parents, (asset, parent)
            assert dep.column_name in ASSET_SCHEMAS[parent].names, (asset, dep)


def test_the_relation_is_the_view_that_shows_the_rows() -> None:
    assert relation("demo", "corrected_reasons") == "demo.corrected_reasons"
    assert relation("demo", "ranker") == "demo.artifacts"
    assert relation("demo", "ranker_evaluation") == "demo.evaluations"
