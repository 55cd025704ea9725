"""A page of the documentation, taken apart: headings, links, images, code spans and code blocks with their lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

HTML_ATTRIBUTE = re.compile(r"""\b(src|srcset|href|id|name|alt)\s*=\s*["']([^"']*)["']""")
HTML_TAG = re.compile(r"<(\w+)([^>]*)>")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a page, and where."""

    page: Path
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.said}"


@dataclass(frozen=True)
class Placed:
    """A text of the page and the line that the block around it starts on."""

    line: int
    text: str


@dataclass(frozen=True)
class Block:
    """A fenced block of code; ``line`` is that of its first line of code."""

    line: int
    language: str
    text: str


@dataclass
class Document:
    """One page. ``path`` is relative to the repository."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[Placed] = field(default_factory=list)
    images: list[Placed] = field(default_factory=list)
    images_without_text: list[Placed] = field(default_factory=list)
    spans: list[Placed] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def read_documents(root: Path) -> list[Document]:
    """``README.md`` and every page below ``docs/`` of the repository at ``root``."""
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [read_document(page.read_text(encoding="utf-8"), page.relative_to(root)) for page in pages if page.is_file()]


def read_document(text: str, path: Path) -> Document:
    """The page ``text``, which stands at ``path``."""
    document = Document(path)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for place, token in enumerate(tokens):
        line = (token.map[0] if token.map else 0) + 1
        if token.type == "fence":
            document.blocks.append(Block(line + 1, token.info.strip().partition(" ")[0], token.content))
        elif token.type == "html_block":
            _read_html(document, line, token.content)
        elif token.type == "inline":
            if tokens[place - 1].type == "heading_open":
                _add_heading(document, token)
            for child in _flat(token):
                _read_inline(document, line, child)
    return document


def _read_inline(document: Document, line: int, token: Token) -> None:
    if token.type == "link_open":
        document.links.append(Placed(line, str(token.attrGet("href"))))
    elif token.type == "image":
        image = Placed(line, str(token.attrGet("src")))
        document.images.append(image)
        if not token.content.strip():
            document.images_without_text.append(image)
    elif token.type == "code_inline":
        document.spans.append(Placed(line, token.content))
    elif token.type == "html_inline":
        _read_html(document, line, token.content)


def _read_html(document: Document, line: int, html: str) -> None:
    for tag, inside in HTML_TAG.findall(html):
        attributes = dict(HTML_ATTRIBUTE.findall(inside))
        document.anchors |= {attributes[name] for name in ("id", "name") if name in attributes}
        if tag == "a" and "href" in attributes:
            document.links.append(Placed(line, attributes["href"]))
        for name in ("src", "srcset"):
            if name in attributes:
                document.images.append(Placed(line, attributes[name]))
        if tag == "img" and not attributes.get("alt", "").strip():
            document.images_without_text.append(Placed(line, attributes.get("src", "")))


def _add_heading(document: Document, heading: Token) -> None:
    """The anchor that GitHub gives a heading; a repeated one is numbered."""
    text = "".join(child.content for child in _flat(heading) if child.type in ("text", "code_inline"))
    slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
    number, anchor = 0, slug
    while anchor in document.anchors:
        number += 1
        anchor = f"{slug}-{number}"
    document.anchors.add(anchor)


def _flat(token: Token) -> Iterator[Token]:
    for child in token.children or ():
        yield child
        if child.type != "image":
            yield from _flat(child)
