"""A chain = one data set + one profile + its windows, read from YAML and checked before anything runs.

A configuration folder holds ``chains/``, ``data_sets/`` and ``profiles/``. A chain file names its data set and its
profile; each is looked up in the chain's own folder first and then in the folder shipped with the project, so that a
chain over one's own data can use a shipped profile.
"""

import os
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import Field, ValidationError, field_validator

from curec_assets.configuration.profile import Profile
from curec_assets.configuration.section import Section
from curec_assets.configuration.windows import Window, WindowsConfig
from curec_assets.interactions.config import DataSetConfig
from curec_assets.ranker.config import RankerConfig

SHIPPED = Path(__file__).resolve().parents[2] / "dagster_project"
CHAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
LONGEST_SHOWN = 60
"""Characters of a refused value in a message."""
RESERVED_NAMES = frozenset({"main", "temp", "information_schema", "pg_catalog", "lake"})

SectionT = TypeVar("SectionT", bound=Section)


class ConfigError(ValueError):
    """A configuration file that cannot be used; the message names the file, the key and what was expected."""


class ChainFile(Section):
    """What a chain's YAML holds."""

    description: str = ""
    """What the chain is for, in a sentence; shown in the UI."""
    data_set: str
    """Name of a file in ``data_sets/``, without ``.yaml``."""
    profile: str
    """Name of a file in ``profiles/``, without ``.yaml``."""
    windows: WindowsConfig

    @field_validator("data_set", "profile")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not CHAIN_NAME.fullmatch(value):
            raise ValueError("expected a plain name (lower-case letters, digits and _), not a path")
        return value


class Chain(Section):
    """A chain with everything it names resolved: all that a run depends on besides the data itself."""

    name: str
    """First part of each asset key, folder in the lake and schema in SQL: lower-case letters, digits and ``_``."""
    description: str
    data_set: DataSetConfig
    profile: Profile
    windows: WindowsConfig
    folder: Path
    """Folder that relative paths of the data set start from: that of the configuration."""
    overrides: dict[str, Any] = Field(default_factory=dict)
    """Values of the profile that were given at launch in place of the file's, by dotted key; none by default."""

    @field_validator("name")
    @classmethod
    def _sql_safe_name(cls, value: str) -> str:
        if not can_name_chain(value):
            raise ValueError("a chain's name is a lower-case letter, then letters, digits and _; and no SQL schema's")
        return value

    def all_windows(self) -> tuple[Window, ...]:
        """The chain's windows in order."""
        return self.windows.windows()

    def window(self, key: str) -> Window:
        """The chain's window of that key.

        Raises:
            ValueError: the chain has no such window.
        """
        windows = {window.key: window for window in self.all_windows()}
        if key not in windows:
            keys = list(windows)
            raise ValueError(f"{key!r} is no window of the chain {self.name}; its windows are {keys[0]}..{keys[-1]}")
        return windows[key]

    def ranker_judged_in(self, window: Window) -> RankerConfig:
        """The rankers that are judged on the events of ``window``; the window before trained them."""
        return self._ranker(window.key)

    def ranker_trained_in(self, window: Window) -> RankerConfig:
        """The rankers that are trained in ``window``, for the next to judge."""
        keys = [found.key for found in self.all_windows()]
        following = keys[keys.index(window.key) + 1 :]
        return self._ranker(following[0] if following else None)

    def _ranker(self, judging: str | None) -> RankerConfig:
        whole = self.profile.ranker
        return whole if self.windows.is_judged(judging) else whole.served_only()

    def section(self, name: str) -> Any:
        """A part of the effective configuration as plain JSON values: ``data_set``, ``users``, a field of the profile.

        How the data set describes its users is a part of its own, since only what reads them depends on it. Which
        windows are judged belongs to the ``ranker``.
        """
        if name == "data_set":
            # Where the files lie is no part of what they hold; their content has a fingerprint of its own.
            of_files = {"interactions", "items", "users", "user_columns"}
            data_set = self.data_set.model_dump(mode="json", exclude={"source": of_files})
            # The first window's rows reach back beyond its key.
            return {**data_set, "all_before": self.windows.first} if self.windows.all_earlier else data_set
        if name == "users":
            columns = self.data_set.model_dump(mode="json", include={"source": {"user_columns"}})
            return {"described": self.data_set.describes_users, **columns["source"]}
        value = getattr(self.profile, name)
        plain = value.model_dump(mode="json") if isinstance(value, Section) else value
        judged = list(self.windows.judged_keys())
        return {**plain, "judged": judged} if name == "ranker" and judged else plain


def can_name_chain(name: str) -> bool:
    """Whether ``name`` can stand in asset keys, as a folder in the lake and as a schema in SQL."""
    return CHAIN_NAME.fullmatch(name) is not None and name not in RESERVED_NAMES


def load_chain(path: Path) -> Chain:
    """The chain that the YAML file ``path`` describes.

    Raises:
        ConfigError: a missing file, an unknown key, a wrong type or an impossible value, said in one sentence each.
    """
    file = _load(path, ChainFile)
    folder = path.resolve().parent.parent
    data_set = _load(find_configured(folder, "data_sets", file.data_set, path), DataSetConfig)
    profile = _load(find_configured(folder, "profiles", file.profile, path), Profile)
    try:
        return Chain(
            name=path.stem,
            description=file.description,
            data_set=data_set,
            profile=profile,
            windows=file.windows,
            folder=folder,
        )
    except ValidationError as error:
        raise ConfigError(explain(path, error)) from None


def load_windows(path: Path) -> WindowsConfig:
    """The windows of the chain that the YAML file ``path`` describes, whatever has become of its data and profile.

    Raises:
        ConfigError: as ``load_chain``, of that file.
    """
    return _load(path, ChainFile).windows


def load_chains(folder: Path = SHIPPED) -> dict[str, Chain]:
    """All chains of a configuration folder by name.

    Raises:
        ConfigError: a file that cannot be used, or a folder without chains.
    """
    paths = sorted((folder / "chains").glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder / 'chains'}: no chain here; expected at least one <name>.yaml")
    return {path.stem: load_chain(path) for path in paths}


def configuration_folder() -> Path:
    """``$CUREC_CONFIG``, or the folder shipped with the project."""
    return Path(os.environ.get("CUREC_CONFIG") or SHIPPED)


def find_configured(folder: Path, kind: str, name: str, asked_by: Path) -> Path:
    """The file ``<kind>/<name>.yaml`` of a configuration folder, or else of the shipped one.

    Raises:
        ConfigError: there is none; the message names ``asked_by`` and those that there are.
    """
    for root in (folder, SHIPPED):
        path = root / kind / f"{name}.yaml"
        if path.is_file():
            return path
    known = sorted({p.stem for root in (folder, SHIPPED) for p in (root / kind).glob("*.yaml")})
    raise ConfigError(f"{asked_by}: no {kind}/{name}.yaml; there are: {', '.join(known) or 'none'}")


def _load(path: Path, section: type[SectionT]) -> SectionT:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(values).__name__}")
    try:
        return section.model_validate(_expand(values, path))
    except ValidationError as error:
        raise ConfigError(explain(path, error)) from None


def _expand(value: Any, path: Path) -> Any:
    """``${NAME}`` and ``${NAME:-default}`` in text become the environment's value."""
    if isinstance(value, dict):
        return {key: _expand(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, path) for inner in value]
    if not isinstance(value, str):
        return value

    def environment(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(3)
        found = os.environ.get(name) or default
        if found is None:
            raise ConfigError(f"{path}: the environment variable {name} is not set and has no default here")
        return found

    return re.sub(r"\$\{([A-Z_][A-Z0-9_]*)(:-([^}]*))?\}", environment, value)


def explain(where: Path | str, error: ValidationError) -> str:
    """What pydantic found wrong, in one sentence per key, opened by ``where`` it stands."""
    problems = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        named = f"key {key!r}: " if key else ""
        if problem["type"] == "extra_forbidden":
            problems.append(f"unknown key {key!r}")
        elif problem["type"] == "missing":
            problems.append(f"key {key!r} is missing")
        else:
            problems.append(f"{named}{problem['msg']}{_found(problem['input'])}")
    return f"{where}: {'; '.join(problems)}"


def _found(value: Any) -> str:
    """What stood there; nothing of a whole section, whose problem names the keys that it is about."""
    if isinstance(value, dict | Section):
        return ""
    shown = repr(value)
    return f", found {shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + '…'}"
