"""Line charts as SVG, by hand: small, no library, readable on a light page, on a dark one, and on paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDTH, HEIGHT = 720, 360
"""Of a chart, in its own units."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 44, 48
_LABEL_HEIGHT = 16
_LONGEST_LABEL = 22
_COLOURS = 4

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600; font-size: 15px }
  .page { fill: #fff } .grid { stroke: #ddd } .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .dashed { stroke-dasharray: 7 5; stroke-width: 1.5 }
  .s0 { stroke: #0b62c4 } .s1 { stroke: #c2500a } .s2 { stroke: #4d7a0f } .s3 { stroke: #8a3fb0 }
  text.s0 { fill: #0b62c4 } text.s1 { fill: #c2500a } text.s2 { fill: #4d7a0f } text.s3 { fill: #8a3fb0 }
  text.s0, text.s1, text.s2, text.s3 { stroke: none }
  @media screen and (prefers-color-scheme: dark) {
    text { fill: #ddd } .page { fill: #16191d } .grid { stroke: #3a3f45 }
    .s0 { stroke: #6db3ff } .s1 { stroke: #ff9d5c } .s2 { stroke: #a6d65c } .s3 { stroke: #d59bf2 }
    text.s0 { fill: #6db3ff } text.s1 { fill: #ff9d5c } text.s2 { fill: #a6d65c } text.s3 { fill: #d59bf2 }
  }
"""
"""What the classes of a chart look like. A page with several charts has it once."""


class Point(NamedTuple):
    """Where a line passes."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A name, which stands at its end, and points from left to right, all of them finite."""

    name: str
    points: Sequence[tuple[float, float]]
    is_dashed: bool = False
    """Drawn so, in the colour of the line before it."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What a chart spans; each end is moved outwards to a round number."""

    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]], *, is_close_up: bool = False) -> Axes:
        """Return axes for all points: both from 0, or as close as they come.

        Args:
            points: In any order; nothing of them is kept.
            is_close_up: Both axes begin at the smallest value and not at 0.
        """
        span: list[float] | None = None
        for x, y in points:
            if span is None:
                span = [x, x, y, y]
            else:
                span = [min(span[0], x), max(span[1], x), min(span[2], y), max(span[3], y)]
        left, right, bottom, top = span or (0.0, 1.0, 0.0, 1.0)
        if not is_close_up:
            left, bottom = min(left, 0.0), min(bottom, 0.0)
        return cls(left, right, bottom, top)


def clean(text: str, longest: int = 200) -> str:
    """Return text that may stand in XML and HTML: escaped, and without control characters, which XML can't have."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cut))


def draw_lines(lines: Sequence[Line], *, title: str, x_label: str, axes: Axes | None = None) -> str:
    """Return a chart as an SVG file of its own.

    Args:
        lines: Four colours go round.
        title: Above.
        x_label: Below.
        axes: What is spanned; all points, from 0, when left out.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{clean(title)}</title><style>{STYLE}</style>",
        *chart_parts(lines, title=title, x_label=x_label, axes=axes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def chart_parts(lines: Sequence[Line], *, title: str, x_label: str, axes: Axes | None = None) -> Iterator[str]:
    """Yield the elements of a chart, `WIDTH` by `HEIGHT`, for an SVG that has `STYLE`; as `draw_lines`."""
    lines = [line for line in lines if line.points]
    axes = axes or Axes.around(point for line in lines for point in line.points)
    across, amounts = _ticks(axes.left, axes.right), _ticks(axes.bottom, axes.top)

    def place_x(value: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (value - across[0]) / (across[-1] - across[0])

    def place_y(value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - amounts[0]) / (amounts[-1] - amounts[0])

    yield f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>'
    yield f'<text class="title" x="{_LEFT}" y="26">{clean(title)}</text>'
    for amount in amounts:
        yield f'<path class="grid" d="M{_LEFT} {place_y(amount):.1f}H{WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{place_y(amount) + 4:.1f}" text-anchor="end">{amount:.10g}</text>'
    for value in across:
        yield f'<path class="grid" d="M{place_x(value):.1f} {HEIGHT - _BOTTOM}v5"/>'
        yield f'<text x="{place_x(value):.1f}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle">{value:.10g}</text>'
    yield f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{clean(x_label)}</text>'
    placed = [
        Line(line.name, [Point(place_x(x), place_y(y)) for x, y in line.points], line.is_dashed) for line in lines
    ]
    yield from _draw(placed)


def _draw(lines: Sequence[Line]) -> Iterator[str]:
    """Yield lines whose points are where they belong, and their names."""
    heights = _apart([line.points[-1][1] + 4 for line in lines])
    number = -1
    for line, height in zip(lines, heights, strict=True):
        number += not (line.is_dashed and number >= 0)
        colour = f"s{number % _COLOURS}"
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in line.points)
        yield f'<path class="line {colour}{" dashed" * line.is_dashed}" d="M{path}"/>'
        name = clean(line.name, _LONGEST_LABEL)
        yield f'<text class="{colour}" x="{line.points[-1][0] + 8:.1f}" y="{height:.1f}">{name}</text>'


def _apart(heights: Sequence[float]) -> list[float]:
    """Return where the labels stand, none of them over another: each where its line ends, or else above it."""
    placed = list(heights)
    lowest_first = sorted(range(len(placed)), key=placed.__getitem__, reverse=True)
    for below, above in pairwise(lowest_first):
        placed[above] = min(placed[above], placed[below] - _LABEL_HEIGHT)
    return placed


def _ticks(least: float, most: float) -> list[float]:
    """Return round values from one that is not above `least` to one that is not below `most`, about five steps."""
    span, size = most - least, max(abs(least), abs(most))
    if span <= max(size * 1e-9, 1e-9):  # one value; a step too small for a float would never get anywhere
        span = size * 0.01 if size > 1e-6 else 1.0
        most = least + span
    raw = span / 5
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [step * number for number in range(first, max(last, first + 1) + 1)]
