"""Whether weights are where a configuration says, without loading or fetching any."""

import re
from importlib.util import find_spec
from pathlib import Path

from curec_assets.language_model.config import LanguageModelConfig

Problem = tuple[str, str]
"""What is wrong, and what to do."""


def plain_folder(source: str, models_root: Path) -> Path:
    """Where the base model ``source`` is laid out in plain safetensors, whether it is yet or not."""
    return models_root / re.sub(r"[^A-Za-z0-9._-]+", "-", source)


def package_folder(package: str) -> Path | None:
    """The folder of an installed package, which is located and not imported: it may need libraries that its weights do
    not."""
    spec = find_spec(package) if package.isidentifier() else None
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def language_model_at_hand(config: LanguageModelConfig, models_root: Path) -> Problem | None:
    """Why the base model could not be laid out here and now, or None where it can."""
    kind, _, rest = config.source.partition(":")
    if kind == "random" or plain_folder(config.source, models_root).is_dir():
        return None
    if kind == "package":
        return _package_problem(rest, "", ("*.safetensors", "*.gguf"))
    if Path(config.source).is_dir():
        plain = any(Path(config.source).glob("*.safetensors"))
        return None if plain else ("the folder holds no safetensors", "put the model's weights there, in that format")
    if config.allow_download:
        return "not here yet; it is fetched from the hub on first use", "run curec models with a connection, once"
    return "neither a folder here nor laid out yet, and downloads are off", "name a local folder, or a package: source"


def encoder_at_hand(source: str) -> Problem | None:
    """Why the encoder could not be loaded here and now, or None where it can."""
    kind, _, rest = source.partition(":")
    if kind == "hashing":
        return None
    if kind == "package":
        return _package_problem(rest, "model", ("*.safetensors", "*.bin"))
    if Path(source).is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache

    try:
        if isinstance(try_to_load_from_cache(source, "config.json"), str):
            return None
    except ValueError:
        # A path, and no name that a hub could have.
        return "there is no such folder", "name a local folder, or a package: source"
    return "neither a folder here nor in the hub's cache", "name a local folder, or a package: source"


def _package_problem(package: str, below: str, patterns: tuple[str, ...]) -> Problem | None:
    folder = package_folder(package)
    if folder is None:
        return f"the Python package {package!r} is not installed", "pip install --no-deps -r requirements-embedded.txt"
    if not any(path for pattern in patterns for path in (folder / below).rglob(pattern)):
        return f"the package {package!r} holds no weights", "install it again: pip install --force-reinstall --no-deps"
    return None
