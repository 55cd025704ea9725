"""Titles and descriptions as people should read them: no markup, no entities, even whitespace."""

import html
import re
import unicodedata
from typing import Literal

TitleCode = Literal["html_stripped", "html_junk", "missing", "article_moved"]

_BLOCK = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_OPEN_TAG = re.compile(r"<[a-zA-Z][^<>]*=[^<>]*$")
"""A tag that the scraper cut off before its end."""
_TAG_END = re.compile(r"\"\s*/?>\s*$")
"""The end of a tag whose beginning was cut off."""
_CODE = re.compile(
    r"\bfunction\s*\w*\s*\(|\b(?:document|window|jQuery)\.\w+\s*[=(.]|\bvar\s+\w+\s*=|\{[^{}]*:[^{}]*;[^{}]*\}"
)
_ARTICLES = r"The|A|An|La|Le|Les|L'|Los|Las|Lo|Il|El|Un|Une|Una|Der|Die|Das"
_ARTICLE_LAST = re.compile(rf"^(?P<name>[^()]+), (?P<article>{_ARTICLES})(?P<rest>\s*\(.*)?$")
_ARTICLE_LAST_IN_BRACKETS = re.compile(rf"\((?P<name>[^()]+), (?P<article>{_ARTICLES})\)")


def clean_text(text: str | None) -> tuple[str, bool]:
    """``text`` without tags, entities, control characters and doubled spaces, and whether it held any markup."""
    if not text:
        return "", False
    # Twice, because exports escape entities again (``&amp;eacute;``).
    plain = html.unescape(html.unescape(text))
    for pattern in (_BLOCK, _TAG, _OPEN_TAG, _TAG_END):
        plain = pattern.sub(" ", plain)
    held_markup = " ".join(plain.split()) != " ".join(text.split())
    visible = "".join(_visible(character) for character in plain)
    return " ".join(visible.split()), held_markup


def clean_title(
    item_id: str, text: str | None, year: str | None = None, article_last: bool = False
) -> tuple[str, TitleCode | None]:
    """The title to show for an item, and what was done to it (null where it was taken as it stood).

    Args:
        item_id: id that names the item where its title is missing or is markup and script alone.
        text: the title as the source has it.
        year: year of release as text; four digits are appended in brackets unless the title carries them.
        article_last: whether the source files ``The Usual Suspects`` as ``Usual Suspects, The``.
    """
    title, held_markup = clean_text(text)
    if not title or _CODE.search(title):
        return f"Item {item_id}", "html_junk" if held_markup or title else "missing"
    spoken = _article_first(title) if article_last else title
    code: TitleCode | None = "html_stripped" if held_markup else "article_moved" if spoken != title else None
    suffix = f" ({year.strip()})" if year and re.fullmatch(r"\s*\d{4}\s*", year) else ""
    return (spoken if suffix and spoken.endswith(suffix) else spoken + suffix), code


def article_is_last(title: str) -> bool:
    """Whether a title is filed as ``Usual Suspects, The (1995)``."""
    return _ARTICLE_LAST.match(title) is not None


def _article_first(title: str) -> str:
    outer = _ARTICLE_LAST.sub(lambda m: _joined(m["article"], m["name"]) + (m["rest"] or ""), title)
    return _ARTICLE_LAST_IN_BRACKETS.sub(lambda m: f"({_joined(m['article'], m['name'])})", outer)


def _joined(article: str, name: str) -> str:
    return article + name if article.endswith("'") else f"{article} {name}"


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category == "Cf" else character
