"""Checks of what was trained: weights that lie there, curves that are numbers, a loss that fell."""

import math

from curec_assets.checks.finding import Finding, check
from curec_assets.checks.partition import Partition

WEIGHT_FILES = (".safetensors", ".json")


@check("error")
def weights_lie_there(partition: Partition) -> Finding:
    """The folder of weights that the manifest names is there and holds safetensors and JSON alone."""
    folder = partition.lake.weights(partition.model_row["path"])
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if not files:
        return Finding(False, f"No weights lie at {folder}.")
    strange = [{"file": path.relative_to(folder).as_posix()} for path in files if path.suffix not in WEIGHT_FILES]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    return Finding(not strange, f"{len(files)} files, {megabytes:.1f} MB.", strange, {"megabytes": megabytes})


@check("warn")
def curves_are_finite(partition: Partition) -> Finding:
    """Every point of every learning curve is a number."""
    points = partition.model_row["curves"] or []
    broken = [point for point in points if point["value"] is None or not math.isfinite(point["value"])]
    return Finding(not broken, f"{len(points) - len(broken):,} of {len(points):,} points are numbers.", broken)


@check("warn")
def loss_fell(partition: Partition) -> Finding:
    """Training ends with a lower loss than it began with."""
    metrics = partition.manifest.metrics
    if "first_loss" not in metrics:
        return Finding(True, "Nothing was trained in this window.")
    first, last = metrics["first_loss"], metrics["last_loss"]
    summary = f"The training loss went from {first:.4g} to {last:.4g}."
    return Finding(last < first, summary, measures={"first_loss": first, "last_loss": last})
