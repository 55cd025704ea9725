"""Checks of what was trained: weights that lie there, curves that are numbers, losses that do not rise."""

import math
from statistics import fmean

from curec_assets.checks.differences import noise_of_difference
from curec_assets.checks.finding import Finding, check
from curec_assets.checks.partition import Partition

WEIGHT_FILES = (".safetensors", ".json")
LOSS_OF = "loss_"
LEAST_STEPS = 4
"""Steps of a task from which two halves can be compared. A window that continues from the one before has little left to
learn, so its last step alone says nothing."""


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
def losses_do_not_rise(partition: Partition) -> Finding:
    """The training loss of no task is above that of the first half of its steps in the second, by more than noise."""
    by_task: dict[str, list[float]] = {}
    for point in partition.model_row["curves"] or []:
        if point["name"].startswith(LOSS_OF):
            by_task.setdefault(point["name"].removeprefix(LOSS_OF), []).append(point["value"])
    risen: list[dict[str, object]] = []
    told: list[str] = []
    measures: dict[str, float] = {}
    for task, losses in by_task.items():
        if len(losses) < LEAST_STEPS:
            told.append(f"{task}: {len(losses)} steps are too few to tell")
            continue
        first, second = losses[: len(losses) // 2], losses[len(losses) // 2 :]
        change, noise = fmean(second) - fmean(first), noise_of_difference(first, second)
        told.append(f"{task}: mean loss {fmean(first):.4g}, then {fmean(second):.4g}; chance moves it by {noise:.2g}")
        measures |= {f"{task}_first_half": fmean(first), f"{task}_second_half": fmean(second)}
        if change > noise:
            risen.append({"task": task, "first_half": fmean(first), "second_half": fmean(second), "noise": noise})
    return Finding(not risen, f"{'; '.join(told) or 'No step was made'}.", risen, measures)
