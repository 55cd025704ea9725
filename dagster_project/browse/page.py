"""``curec browse``: a chain as one HTML page, which needs no network, no server and nothing beside it."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.browse.data import Caps, read_data
from dagster_project.one_state import require_chain
from dagster_project.whole_file import whole_file

CAPS = Caps()
TEMPLATE = Path(__file__).with_name("page.html")
_PLACE = re.compile(r"%%(TITLE|POLICY|DATA)%%")
_INLINE = {tag: re.compile(rf"<{tag}>(.*?)</{tag}>", re.DOTALL) for tag in ("script", "style")}


def write_page(chain: str, lake_root: Path, configuration: Path, output: Path, caps: Caps = CAPS) -> Path:
    """Write the page of ``chain`` to ``output``, in one rename, and return it.

    Raises:
        ConfigError: a chain that neither the lake nor the configuration knows.
        ValueError: a chain without partitions, or a lake that cannot be read.
    """
    require_chain(lake_root, chain, configuration)
    try:
        data = read_data(lake_root, chain, caps)
    except duckdb.Error as error:
        raise ValueError(f"{lake_root}: the queries of the page cannot read this lake: {error}") from None
    if output.is_dir():
        raise ValueError(f"{output} is a folder; --output names the file to write")
    with whole_file(output) as file:
        file.write(render_page(data).encode())
    return output


def render_page(data: Mapping[str, Any]) -> str:
    """The template with ``data`` in it as JSON. Nothing of the data is markup: the page's script shows text as text,
    and its policy lets nothing run or load but the template's own script and style."""
    template = TEMPLATE.read_text(encoding="utf-8")
    values = {
        "TITLE": escape(f"{data['chain']}: reasons"),
        "POLICY": escape(content_policy(template)),
        "DATA": json_in_html(data),
    }
    # In one pass: what is filled in is not searched for places again.
    return _PLACE.sub(lambda place: values[place[1]], template)


def content_policy(template: str) -> str:
    """A Content-Security-Policy that admits the template's own script and style, by hash, and nothing else."""
    hashes = {tag: " ".join(map(_hash, pattern.findall(template))) for tag, pattern in _INLINE.items()}
    return (
        f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; "
        "base-uri 'none'; form-action 'none'"
    )


def json_in_html(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a ``script`` element: no text of it can end the element, or open a comment in it."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
