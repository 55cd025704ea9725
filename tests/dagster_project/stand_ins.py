"""Stages that train nothing: each reads what its lineage declares and publishes next to nothing, through the real run.

For tests of order and failure, where what a stage computes does not matter and what it may read does.
"""

from collections.abc import Callable
from dataclasses import replace

from curec_assets.assets import ASSETS
from curec_assets.lake.schemas import ASSET_SCHEMAS, reason_embeddings
from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.lineage import LINEAGE, MODELS
from curec_assets.window_asset import WindowAsset

DATA = ("items", "raw_interactions", "cleaned_interactions", "users", "evidence")
"""Stages that need no stand-in: they take next to no time themselves."""


def stand_ins(before: Callable[[str, str], None]) -> dict[str, WindowAsset]:
    """All assets, the heavy ones replaced. ``before`` is called with asset and window as each begins, and may raise."""
    return {name: _watched(asset, before) for name, asset in ASSETS.items()}


def _watched(asset: WindowAsset, before: Callable[[str, str], None]) -> WindowAsset:
    compute = asset.compute if asset.name in DATA else _make_nothing

    def watched(run: WindowRun) -> Published:
        before(run.job.asset, run.window.key)
        return compute(run)

    return replace(asset, heavy=False, compute=watched)


def _make_nothing(run: WindowRun) -> Published:
    asset = run.job.asset
    for edge in LINEAGE[asset].edges:
        getattr(run.read, edge.span)(edge.asset)
    if asset in MODELS:
        with run.scratch() as folder:
            (folder / "made.json").write_text("{}")
            return run.publish_model(folder, {})
    schema = reason_embeddings(2) if asset == "reason_embeddings" else ASSET_SCHEMAS[asset]
    return run.publish(schema.empty_table(), {})
