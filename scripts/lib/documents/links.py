"""Every link within the checkout leads somewhere, and every page of `docs/` is found from its front page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from documents.markdown import Document

_ELSEWHERE = ("http://", "https://", "mailto:")


def wrong_links(top: Path, documents: Mapping[Path, Document]) -> Iterator[str]:
    """Yield a line for each link that leads nowhere and each page that none leads to.

    Args:
        top: The checkout.
        documents: All its Markdown files.
    """
    for document in documents.values():
        for link in document.links:
            fault = _fault(top, documents, document, link.text)
            if fault:
                yield f"{document.path.relative_to(top)}:{link.line}: {link.text}: {fault}"
    index = top / "docs" / "README.md"
    found = _reachable(documents, index)
    for path in documents:
        if path.parent == index.parent and path not in found:
            yield f"{path.relative_to(top)}: no link leads here from docs/README.md"


def _fault(top: Path, documents: Mapping[Path, Document], document: Document, link: str) -> str:
    if link.startswith(_ELSEWHERE):
        return ""
    target, anchor = _target(document, link)
    if not target.is_relative_to(top):
        return "leads out of the checkout"
    if not target.exists():
        return "there is no such file"
    if anchor and target in documents and anchor not in documents[target].anchors:
        return "there is no such heading"
    return ""


def _target(document: Document, link: str) -> tuple[Path, str]:
    path, _, anchor = unquote(link).partition("#")
    return ((document.path.parent / path).resolve() if path else document.path), anchor


def _reachable(documents: Mapping[Path, Document], index: Path) -> set[Path]:
    found: set[Path] = set()
    ahead = [index]
    while ahead:
        path = ahead.pop()
        if path in found or path not in documents:
            continue
        found.add(path)
        links = (link.text for link in documents[path].links)
        ahead += [_target(documents[path], link)[0] for link in links if not link.startswith(_ELSEWHERE)]
    return found
