"""Cores, memory, disk, and how the machine multiplies."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from curec_assets.configuration.chain import Chain
from dagster_project.doctor.finding import Finding, Level, counted

GB = 1 << 30
LEAST_MEMORY = 6 * GB
"""The embedded model needs some 3 GB in RL; data, rankers and the system want their share."""
LITTLE_DISK, LEAST_DISK = 5 * GB, GB
"""A chain's lake holds some hundred MB a window with the embedded model."""
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def check_machine(chains: Iterable[Chain], lake_root: Path) -> Iterator[Finding]:
    """Cores against the profiles' threads, memory, and disk below the lake."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max((chain.profile.threads for chain in chains), default=1)
    if threads > cores:
        yield Finding(
            "warn",
            "machine",
            f"{counted(cores, 'core')}, and a profile that asks for {threads} threads",
            "expect it to be slow",
        )
    else:
        yield Finding("ok", "machine", counted(cores, "core"))
    memory = memory_bytes()
    if memory < LEAST_MEMORY:
        yield Finding(
            "warn",
            "machine",
            f"{memory / GB:.1f} GB of memory; the embedded model wants {LEAST_MEMORY / GB:.0f}",
            "lower language_model.batch_size and policy.micro_batch in the profile",
        )
    else:
        yield Finding("ok", "machine", f"{memory / GB:.1f} GB of memory")
    free = shutil.disk_usage(existing_parent(lake_root)).free
    level: Level = "ok" if free >= LITTLE_DISK else "warn" if free >= LEAST_DISK else "fail"
    to_do = "" if level == "ok" else "make room, or set CUREC_LAKE to a folder on another disk"
    yield Finding(level, "machine", f"{free / GB:.1f} GB of disk free for the lake", to_do)


def check_precision(chains: Iterable[Chain]) -> Iterator[Finding]:
    """Accelerator, and whether what the profiles ask of it is native there."""
    import torch

    from curec_assets.language_model.precision import weights_type

    if torch.cuda.is_available():
        yield Finding("ok", "machine", f"GPU {torch.cuda.get_device_name()}, used in bfloat16")
        return
    native = weights_type("auto")
    slower = "" if native == "bfloat16" else "; language models take about twice the time of bfloat16"
    yield Finding("ok", "machine", f"no GPU; all runs on the CPU, which multiplies {native} natively{slower}")
    for chain in chains:
        asked = chain.profile.language_model.dtype
        if asked == "bfloat16" != native:
            yield Finding(
                "warn",
                "machine",
                f"the profile of {chain.name} asks for bfloat16, which this machine has to convert",
                "language_model: {dtype: auto} takes what is native",
            )


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or its container's if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.is_file() else "max"
    return min(machine, int(limit)) if limit.isdigit() else machine


def existing_parent(path: Path) -> Path:
    """``path``, or the nearest folder above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
