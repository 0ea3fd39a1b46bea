"""The messages that the troubleshooting page explains are ones that the programs print."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from documents.markdown import Document

_FIRST_CELL = re.compile(r"\| (.*?) \| .* \|$")
_SPAN = re.compile(r"`([^`]+)`")
_BETWEEN = re.compile(r"\.\.\.|: allowed is|(?<=\w): |screen capture|h264 encoder")
"""What stands between pieces: values, names of kinds of back ends, and the joints of `wavry.errors`."""

_SHORTEST = 6
"""Of a piece between values; shorter ones are in every text."""


def wrong_messages(top: Path, documents: Mapping[Path, Document]) -> Iterator[str]:
    """Yield a line for each message in a first column of `docs/troubleshooting.md` that is not in the code.

    A message is a span of code; `...` in it stands for what differs.
    """
    page = top / "docs" / "troubleshooting.md"
    if page not in documents:
        return
    told = _told(top / "wavry")
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        cell = _FIRST_CELL.match(line)
        for message in _SPAN.findall(cell[1]) if cell else ():
            missing = [piece for piece in pieces(message) if piece not in told]
            if missing:
                yield f"{page.relative_to(top)}:{number}: no program says {missing[0]!r}"


def pieces(message: str) -> list[str]:
    """Return what of a message must stand in the code as it is."""
    parts = (part.strip(" ():") for part in _BETWEEN.split(message))
    return [part for part in parts if len(part) >= _SHORTEST and not part.startswith("--")]


def _told(package: Path) -> str:
    """Return all texts in the code, each on a line; those with values in them with nothing there."""
    nodes = (
        node for path in sorted(package.rglob("*.py")) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
