"""``docs/reference/configuration.md``: every key of every configuration file, from the sections that read them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from curec_assets.configuration.chain import ChainFile
from curec_assets.configuration.profile import Profile
from curec_assets.configuration.section import Section
from curec_assets.interactions.config import DataSetConfig
from curec_assets.lineage import LINEAGE
from docs.tooling.markdown import code, prose, table

INTRODUCTION = """\
# Configuration

A chain is three YAML files: the chain itself, a data set and a profile. All are checked when they are loaded. An
unknown key, a wrong type or an impossible value stops the command with one sentence that names the file, the key and
what was expected. `${NAME}` and `${NAME:-default}` in a value are filled in from the environment.

A key without a default is required. A whole section is required too, but `{}` will do where every key of it has a
default. Some values are checked against each other as well; the error says which."""

PLAIN: Mapping[Any, str] = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


@dataclass(frozen=True)
class Part:
    """A section as it stands at ``path`` in a file; ``defaults`` holds what the section around it sets for its keys."""

    path: str
    section: type[Section]
    defaults: Section | None


def configuration_page() -> str:
    """The page as Markdown, without its header."""
    files: list[tuple[str, str, str, type[Section]]] = [
        ("Chain file", "`chains/<name>.yaml`", "", ChainFile),
        ("Data set file", "`data_sets/<name>.yaml`", "data_set", DataSetConfig),
        ("Profile file", "`profiles/<name>.yaml`", "", Profile),
    ]
    return "\n\n".join([INTRODUCTION, *(_file(*file) for file in files)])


def _file(title: str, path: str, hashed_as: str, root: type[Section]) -> str:
    said = f"## {title}\n\n{path}. {prose(root.__doc__)}{_made_stale(hashed_as)}"
    return "\n\n".join([said, _fields(Part("", root, None)), *map(_nested, parts_of(root))])


def _nested(part: Part) -> str:
    said = f"### `{part.path}`{_variant(part.section)}\n\n{prose(part.section.__doc__)}{_made_stale(part.path)}"
    return f"{said}\n\n{_fields(part)}"


def _made_stale(section: str) -> str:
    readers = [code(name) for name, artifact in LINEAGE.items() if section in artifact.sections]
    return f"\n\nA change here makes stale: {', '.join(readers)}, and then what is made from them." if readers else ""


def parts_of(section: type[Section], path: str = "", defaults: Section | None = None) -> Iterator[Part]:
    """The sections inside ``section``, each before those inside it."""
    for name, field in section.model_fields.items():
        default = _default(name, field, defaults)
        for inner in _sections_in(field.annotation):
            part = Part(f"{path}{name}", inner, default if isinstance(default, inner) else None)
            yield part
            yield from parts_of(inner, f"{part.path}.", part.defaults)


def _fields(part: Part) -> str:
    rows = []
    for name, field in part.section.model_fields.items():
        default = _default(name, field, part.defaults)
        meaning = prose(field.description) or " ".join(prose(inner.__doc__) for inner in _sections_in(field.annotation))
        rows.append([code(name), _type_with_bounds(field), _shown(default, field), meaning])
    return table(["key", "type", "default", "meaning"], rows)


def _default(name: str, field: FieldInfo, outer: Section | None) -> Any:
    return getattr(outer, name) if outer is not None else field.get_default(call_default_factory=True)


def _shown(default: Any, field: FieldInfo) -> str:
    if isinstance(default, Section):
        return "below"
    if field.is_required() and not _is_set(default):
        return "required"
    plain = list(default) if isinstance(default, tuple) else default
    return code(yaml.safe_dump(plain, default_flow_style=True, width=10_000).split("\n...")[0].strip())


def _is_set(default: Any) -> bool:
    return type(default).__name__ != "PydanticUndefinedType"


def _sections_in(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _sections_in(inner)]


def _variant(section: type[Section]) -> str:
    kind = section.model_fields.get("kind")
    return f" with `kind: {get_args(kind.annotation)[0]}`" if kind is not None else ""


def _type_with_bounds(field: FieldInfo) -> str:
    return ", ".join([_type(field.annotation), *_bounds(field.metadata)])


def _bounds(metadata: list[Any]) -> list[str]:
    found = [
        f"{sign} {getattr(bound, name):g}"
        for bound in metadata
        for name, sign in BOUNDS.items()
        if hasattr(bound, name)
    ]
    return found + [f"matching {code(bound.pattern)}" for bound in metadata if getattr(bound, "pattern", None)]


def _type(annotation: Any) -> str:
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(map(code, inner)) if len(inner) < 4 else f"one of {', '.join(map(code, inner))}"
    if origin is Annotated:
        return ", ".join([_type(inner[0]), *_bounds(list(inner[1:]))])
    if origin in (Union, UnionType):
        some = [_type(kind) for kind in inner if kind is not NoneType and not _sections_in(kind)]
        sections = ["section"] if any(map(_sections_in, inner)) else []
        return " or ".join([*some, *sections, *(["none"] if NoneType in inner else [])])
    if origin is dict:
        return f"keys ({_type(inner[0])}) with values ({_type(inner[1])})"
    if origin is tuple:
        return f"list of {_type(inner[0])}" if inner[-1] is Ellipsis else f"[{', '.join(map(_type, inner))}]"
    if _sections_in(annotation):
        return "section"
    raise TypeError(f"docs/tooling/configuration_page.py has no words for the type {annotation!r}; add them to _type")
