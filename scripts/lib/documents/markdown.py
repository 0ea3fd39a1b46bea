"""Markdown files taken apart: links, anchors, code. As much of the language as these files use."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FENCE = re.compile(r"\s*(```+|~~~+)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\]\([^)]*\)|!\[[^\]]*\])*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
_NESTED = re.compile(r"!\[[^\]]*\]\(([^()\s]+)\)")
_DEFINITION = re.compile(r"\s{0,3}\[[^\]]+\]:\s*(\S+)")
_HTML_LINK = re.compile(r"<(?:a|img)\b[^>]*\b(?:href|src)=\"([^\"]+)\"")
_HTML_ANCHOR = re.compile(r"<\w+\b[^>]*\b(?:id|name)=\"([^\"]+)\"")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a file, and the line it stands on, from 1."""

    line: int
    text: str


@dataclass(slots=True)
class Document:
    """What is in a Markdown file."""

    path: Path
    links: list[Text] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    code: list[Text] = field(default_factory=list)
    """Lines of code blocks; a line that ends in a backslash is one with the next."""
    spans: list[Text] = field(default_factory=list)
    """Code within a paragraph."""


def read_documents(top: Path) -> dict[Path, Document]:
    """Return every Markdown file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=top,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = [top / name for name in sorted(set(listed.stdout.split("\0"))) if name]
    return {path: read_document(path, path.read_text(encoding="utf-8")) for path in paths if path.exists()}


def read_document(path: Path, text: str) -> Document:
    """Take a file apart."""
    document = Document(path)
    prose: list[Text] = []
    fence = ""
    is_after_blank, is_indented = True, False
    for number, line in enumerate(text.splitlines(), 1):
        mark = _FENCE.match(line)
        if fence:
            if mark is not None and mark[1].startswith(fence):
                fence = ""
            else:
                _add_code(document, number, line)
        elif mark is not None:
            fence = mark[1]
        elif line.startswith("    ") and (is_after_blank or is_indented):
            is_indented = True
            _add_code(document, number, line)
        else:
            is_indented = is_indented and not line.strip()
            prose.append(Text(number, line))
            _add_anchors(document, line)
        is_after_blank = not line.strip()
    for paragraph in _paragraphs(prose):
        _add_prose(document, paragraph)
    return document


def _add_code(document: Document, number: int, line: str) -> None:
    if document.code and document.code[-1].text.endswith("\\") and document.code[-1].line == number - 1:
        before = document.code.pop()
        document.code.append(Text(number, before.text[:-1] + line.strip()))
    else:
        document.code.append(Text(number, line.strip()))


def _paragraphs(lines: list[Text]) -> list[Text]:
    """Return lines that belong together as one; a link or a span may go over the end of a line."""
    paragraphs: list[Text] = []
    for line in lines:
        is_alone = not line.text.strip() or line.text.lstrip().startswith(("#", "|", "- "))
        if paragraphs and not is_alone and paragraphs[-1].text.strip():
            before = paragraphs.pop()
            paragraphs.append(Text(before.line, f"{before.text} {line.text.strip()}"))
        else:
            paragraphs.append(line)
    return paragraphs


def _add_prose(document: Document, paragraph: Text) -> None:
    document.spans += [Text(paragraph.line, match[2].strip()) for match in _SPAN.finditer(paragraph.text)]
    text = _SPAN.sub("``", paragraph.text)
    links = {match[1]: None for pattern in (_LINK, _NESTED, _HTML_LINK) for match in pattern.finditer(text)}
    document.links += [Text(paragraph.line, link) for link in links]
    definition = _DEFINITION.match(text)
    if definition is not None:
        document.links.append(Text(paragraph.line, definition[1]))


def _add_anchors(document: Document, line: str) -> None:
    document.anchors |= set(_HTML_ANCHOR.findall(line))
    heading = _HEADING.match(line)
    if heading is None:
        return
    slug = anchor_of(heading[2])
    taken, number = slug, 0
    while taken in document.anchors:
        number += 1
        taken = f"{slug}-{number}"
    document.anchors.add(taken)


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub and most others give a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
