"""How a stage is declared: one function from a window's run to what it published, with what people should know of it.

``asset.py`` in each stage's folder holds these declarations; they know no orchestrator. ``dagster_project`` turns each
into a Dagster asset per chain, and ``run_job`` runs one anywhere.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc

from curec_assets.lake.at_work import at_work
from curec_assets.lake.catalogue import ensure_catalogue
from curec_assets.lake.window_run import Published, WindowJob, WindowRun
from curec_assets.progress import Progress, silent

HEAVY_POOL = "heavy"
"""Stages that train or generate: one at a time on a machine, or as many as the instance's limit lets run."""


@dataclass(frozen=True)
class WindowAsset:
    """One artifact's declaration."""

    name: str
    description: str
    kinds: frozenset[str]
    """Technologies shown as tags in the UI."""
    heavy: bool
    """Whether it trains or generates: needs torch, and waits for a slot of its pool."""
    compute: Callable[[WindowRun], Published]


def window_asset(*kinds: str, heavy: bool = False) -> Callable[[Callable[[WindowRun], Published]], WindowAsset]:
    """Declare a function as the asset of its name, its docstring as the description."""

    def declare(compute: Callable[[WindowRun], Published]) -> WindowAsset:
        return WindowAsset(compute.__name__, cleandoc(compute.__doc__ or ""), frozenset(kinds), heavy, compute)

    return declare


def run_job(asset: WindowAsset, job: WindowJob, progress: Progress = silent) -> Published:
    """Make one asset of one window and publish it.

    Raises:
        ChronologyError: a gap, a changed configuration or an undeclared read; nothing is published.
    """
    run = WindowRun(job, progress)
    run.read.require_same_configuration_before()
    if asset.heavy:
        prepare_torch(job.chain.profile.threads)
    with at_work(job.lake):
        published = asset.compute(run)
    ensure_catalogue(job.lake, [job.chain.name])
    return published


def prepare_torch(threads: int) -> None:
    """Fix what makes torch's sums depend on the machine: the number of threads and non-deterministic kernels."""
    # Read when torch is first imported. Threads that spin at every barrier make generation many times slower as soon
    # as anything else wants a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # cuBLAS asks for this before its first call where a GPU is at hand.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
