"""Do links and images of the documentation lead somewhere?"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docs.tooling.documents import Document, Problem


def broken_links(root: Path, documents: Sequence[Document]) -> Iterator[Problem]:
    """Links and images to files or headings that are not there, and images without alternative text.

    Links to other sites are taken on trust: nothing here talks to the network.

    Args:
        root: the repository.
        documents: all pages, since a link may name a heading of another.
    """
    anchors = {document.path: document.anchors for document in documents}
    for document in documents:
        for link in (*document.links, *document.images):
            if said := _what_is_wrong(root, document.path, link.text, anchors):
                yield Problem(document.path, link.line, said)
        for image in document.images_without_text:
            yield Problem(document.path, image.line, f"the image {image.text} has no alternative text")


def _what_is_wrong(root: Path, page: Path, target: str, anchors: dict[Path, set[str]]) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return f"the link {target} starts at the root of a file system; write it relative to the page"
    path = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
    if path.parts[:1] == ("..",):
        return f"the link {target} leaves the repository"
    if not (root / path).exists():
        return f"the link {target} leads to {path}, which does not exist"
    if parts.fragment and path in anchors and parts.fragment not in anchors[path]:
        return f"the link {target} names a heading that {path} does not have"
    return None
