"""Installed packages against what the project requires, and base models against what profiles name."""

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from curec_assets.configuration.chain import Chain
from curec_assets.language_model.at_hand import encoder_at_hand, language_model_at_hand
from dagster_project.doctor.finding import Finding

PROJECT = "curec-dagster"


def check_packages(project: str = PROJECT) -> Iterator[Finding]:
    """Python and every requirement of the project."""
    python = ".".join(map(str, sys.version_info[:3]))
    try:
        required = [Requirement(text) for text in requires(project) or ()]
    except PackageNotFoundError:
        yield Finding("fail", "packages", f"{project} is not installed in this Python {python}", "make setup")
        return
    required = [one for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [problem for requirement in required if (problem := _problem(requirement))]
    for problem in wrong:
        yield Finding("fail", "packages", problem, "make setup, or pip install -c constraints.txt -e .")
    if not wrong:
        yield Finding("ok", "packages", f"Python {python} and {len(required)} packages, each in the version required")


def check_models(chains: Iterable[Chain], models_root: Path) -> Iterator[Finding]:
    """Each language model and encoder that a chain's profile names, once."""
    models = {chain.profile.language_model.source: chain.profile.language_model for chain in chains}
    encoders = {
        encoder.source: encoder for chain in chains for encoder in (chain.profile.encoder, chain.profile.gold_encoder)
    }
    for source, model in models.items():
        if problem := language_model_at_hand(model, models_root):
            fetched = model.allow_download
            yield Finding("warn" if fetched else "fail", "models", f"language model {source}: {problem[0]}", problem[1])
        else:
            yield Finding("ok", "models", f"language model {source} is at hand")
    for source in encoders:
        if problem := encoder_at_hand(source):
            yield Finding("fail", "models", f"encoder {source}: {problem[0]}", problem[1])
        else:
            yield Finding("ok", "models", f"encoder {source} is at hand")


def _problem(requirement: Requirement) -> str | None:
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is not installed; {requirement} is required"
    if not requirement.specifier.contains(found, prereleases=True):
        return f"{requirement.name} is {found}; {requirement} is required"
    return None
