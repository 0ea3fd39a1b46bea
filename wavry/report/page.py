"""What a report shows, before it is HTML or SVG: sections of charts beside each other, and of tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.report.plot import Axes, Line


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell that is a bar: a cap, the most that was held of it, and what is held now, as shares of it."""

    used: float
    high_water: float


@dataclass(frozen=True, slots=True)
class Spark:
    """A cell that is a small line."""

    points: Sequence[tuple[float, float]]


Cell: TypeAlias = str | Bar | Spark


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads. The first cell of a row says what it is about; all other text is set to the right."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines, and what to say of them."""

    title: str
    lines: list[Line]
    x_label: str
    axes: Axes
    caption: str


Charts: TypeAlias = tuple[Chart, ...]
"""They stand beside each other, on the same scales."""


@dataclass(frozen=True, slots=True)
class Section:
    """One run, or several of a kind."""

    title: str
    notes: list[str] = field(default_factory=list)
    blocks: list[Charts | Table] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report."""

    title: str
    sections: list[Section]
