"""Configuration hashes and freshness: which partitions still stand for what would be made today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.overrides import describe
from curec_assets.lake.hashing import hash_json
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import Manifest
from curec_assets.lineage import LINEAGE

State = Literal["fresh", "stale", "missing"]


@dataclass(frozen=True)
class Freshness:
    """Whether a partition stands for what would be made today, and if not, why."""

    asset: str
    window: str
    state: State
    why: str
    through_parents: bool
    """Stale only because something it was made from is: if that turns out equal again, this is fresh."""
    manifest: Manifest | None


def config_hash(chain: Chain, asset: str) -> str:
    """Hash of the configuration sections that ``asset`` depends on."""
    return hash_json({name: chain.section(name) for name in LINEAGE[asset].sections})


def overrides_of(chain: Chain, asset: str) -> dict[str, Any]:
    """What was given at launch in place of the profile's values and changes what ``asset`` holds, by dotted key."""
    sections = LINEAGE[asset].sections
    return {key: value for key, value in chain.overrides.items() if key.partition(".")[0] in sections}


def status(lake: Lake, chain: Chain, fingerprints: Mapping[str, str]) -> dict[tuple[str, str], Freshness]:
    """Freshness of every partition of the chain, transitively: a partition is stale when anything it was made from
    (parents as recorded in its manifest, and theirs) is stale or has other content now.

    Returns:
        One entry per (asset, window), windows in order, within each the assets in lineage order.
    """
    found: dict[tuple[str, str], Freshness] = {}
    for window in chain.all_windows():
        for asset in LINEAGE:
            found[(asset, window.key)] = _freshness(lake, chain, asset, window.key, fingerprints, found)
    return found


def _freshness(
    lake: Lake,
    chain: Chain,
    asset: str,
    window: str,
    fingerprints: Mapping[str, str],
    known: dict[tuple[str, str], Freshness],
) -> Freshness:
    manifest = lake.manifest(asset, window)
    if manifest is None:
        return Freshness(asset, window, "missing", "never materialized", False, None)
    made_from = [(parent.asset, parent.window) for parent in manifest.parents]
    parents = {key: known[key].manifest for key in made_from if key in known}
    if why := changed_itself(manifest, chain, fingerprints, parents):
        return Freshness(asset, window, "stale", why, False, manifest)
    for parent in manifest.parents:
        now = known[(parent.asset, parent.window)]
        if now.state == "stale":
            why = f"{parent.asset} in {parent.window} is stale: {now.why}"
            return Freshness(asset, window, "stale", why, True, manifest)
    return Freshness(asset, window, "fresh", "", False, manifest)


def read_before(end: datetime, manifest: Manifest) -> bool:
    """Whether a partition was read from the source before ``end``, its window's. Rows later than that moment were
    rejected then, though the window may hold them, so it is due again once the window has ended."""
    return manifest.source_fingerprint is not None and manifest.began_at < end


def changed_itself(
    manifest: Manifest,
    chain: Chain,
    fingerprints: Mapping[str, str],
    parents: Mapping[tuple[str, str], Manifest | None],
) -> str:
    """Why a partition is stale of itself, whatever its parents are: in words, empty where it is not.

    Args:
        manifest: the partition's.
        chain: the chain as it is configured now.
        fingerprints: of the source as it is now, by asset that reads it.
        parents: the manifests of what it was made from as they are now, by (asset, window); None or left out: gone.
    """
    if manifest.config_hash != config_hash(chain, manifest.asset):
        given = f": made with {describe(manifest.overrides)} given at launch" if manifest.overrides else ""
        return f"configuration changed{given}"
    if manifest.code_version != LINEAGE[manifest.asset].code_version:
        return f"code changed ({manifest.code_version} to {LINEAGE[manifest.asset].code_version})"
    if manifest.source_fingerprint not in (None, fingerprints.get(manifest.asset)):
        return "source changed"
    end = chain.window(manifest.window).end
    if end <= datetime.now(UTC) and read_before(end, manifest):
        return "its source was read before the window had ended"
    for parent in manifest.parents:
        now = parents.get((parent.asset, parent.window))
        if now is None:
            return f"{parent.asset} in {parent.window} is gone"
        if now.content_hash != parent.content_hash:
            return f"{parent.asset} in {parent.window} has other content now"
    return ""
