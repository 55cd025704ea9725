"""The chains over data that may not be shipped: they load anywhere, and where the data is, no row of it is lost."""

import os
from pathlib import Path

import pyarrow.compute as pc
import pytest

from curec_assets.configuration.chain import SHIPPED, Chain, load_chain
from curec_assets.interactions.config import FilesSource
from curec_assets.interactions.sources import open_source
from dagster_project.partitions import window_partitions

CHAINS = ("movielens_small", "amazon_beauty", "amazon_cds")
SHARED = Path(os.environ.get("CUREC_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
needs_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"no data at {SHARED} (set CUREC_SHARED_DATA); it may not be shipped"
)


def chain_of(name: str) -> Chain:
    return load_chain(SHIPPED / "chains" / f"{name}.yaml")


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_loads_where_its_data_is_absent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", "/nowhere")
    chain = chain_of(name)
    assert isinstance(chain.data_set.source, FilesSource)
    assert chain.data_set.source.interactions == f"/nowhere/{name}/interactions.parquet"
    assert chain.description


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_names_no_folder_of_one_machine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUREC_SHARED_DATA", raising=False)
    source = chain_of(name).data_set.source
    assert isinstance(source, FilesSource)
    beside_the_project = SHIPPED.parent.parent / "shared" / "data" / name
    assert (SHIPPED / source.interactions).resolve() == (beside_the_project / "interactions.parquet").resolve()


@pytest.mark.parametrize("name", CHAINS)
def test_the_top_k_chains_are_judged_by_sasrec_alone_on_three_seeds(name: str) -> None:
    ranker = chain_of(name).profile.ranker
    assert ranker.backbones == ("sasrec",)
    assert len(ranker.seeds) >= 3
    assert {"id_only", "metadata_text", "evidence_text", "rl_frozen", "corrected_reasons"} <= set(ranker.arms)


@pytest.mark.parametrize("name", CHAINS)
def test_dagsters_partitions_are_the_windows_whatever_the_first_one_holds(name: str) -> None:
    chain = chain_of(name)
    assert chain.windows.all_earlier
    assert list(window_partitions(chain).get_partition_keys()) == [window.key for window in chain.all_windows()]


@needs_data
@pytest.mark.parametrize("name", CHAINS)
def test_the_windows_hold_every_row_of_the_source(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", str(SHARED))
    chain = chain_of(name)
    source = open_source(chain.data_set, chain.folder)
    windows = chain.all_windows()
    rows = [source.interactions(window.start, window.end) for window in windows]
    assert not len(source.rejects())
    numbers = sorted(number for table in rows for number in table["source_row"].to_pylist())
    assert numbers == list(range(1, len(numbers) + 1))
    met = {item for table in rows for item in table["item_id"].to_pylist()}
    seen = [source.items_first_seen(w.start, w.end, opening=w is windows[0]) for w in windows]
    assert sum(map(len, seen)) == len(met)


@needs_data
def test_titles_that_are_scraps_of_html_are_told_from_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", str(SHARED))
    chain = chain_of("amazon_cds")
    windows = chain.all_windows()
    items = open_source(chain.data_set, chain.folder).items_first_seen(windows[0].start, windows[-1].end, opening=True)
    assert not pc.any(pc.match_substring_regex(items["title"], "<[a-z]")).as_py()
    repaired = [code for code in items["title_code"].to_pylist() if code]
    assert 20 <= len(repaired) <= 200
