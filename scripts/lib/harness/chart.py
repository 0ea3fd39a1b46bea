"""Line charts as SVG, by hand: small, no library, readable on a light and on a dark page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.memory import Series

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 44, 48
_LABEL_HEIGHT = 16
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600; font-size: 15px }
  .page { fill: #fff } .grid { stroke: #ddd } .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .s0 { stroke: #0b62c4 } .s1 { stroke: #c2500a } .s2 { stroke: #4d7a0f } .s3 { stroke: #8a3fb0 }
  text.s0 { fill: #0b62c4 } text.s1 { fill: #c2500a } text.s2 { fill: #4d7a0f } text.s3 { fill: #8a3fb0 }
  text.s0, text.s1, text.s2, text.s3 { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .page { fill: #16191d } .grid { stroke: #3a3f45 }
    .s0 { stroke: #6db3ff } .s1 { stroke: #ff9d5c } .s2 { stroke: #a6d65c } .s3 { stroke: #d59bf2 }
    text.s0 { fill: #6db3ff } text.s1 { fill: #ff9d5c } text.s2 { fill: #a6d65c } text.s3 { fill: #d59bf2 }
  }
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A name, which stands at its end, and points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


def draw_memory(series: Sequence[Series], *, title: str = "Resident memory (MB)") -> str:
    """Return a chart of resident memory over time, as `draw_lines` makes it."""
    lines = [Line(f"{each.name} {each.points[-1][1]:.0f}", each.points) for each in series if each.points]
    return draw_lines(lines, title=title, x_label="seconds")


def draw_lines(lines: Sequence[Line], *, title: str, x_label: str) -> str:
    """Return a chart of at most four lines, both axes from 0."""
    points = [point for line in lines for point in line.points]
    across = _ticks(max((x for x, _ in points), default=0.0) or 1.0)
    amounts = _ticks(max((y for _, y in points), default=0.0) or 1.0)

    def place_x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / across[-1]

    def place_y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / amounts[-1]

    def parts() -> Iterator[str]:
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        yield f"<title>{title}</title><style>{_STYLE}</style>"
        yield f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>'
        yield f'<text class="title" x="{_LEFT}" y="26">{title}</text>'
        for amount in amounts:
            yield f'<path class="grid" d="M{_LEFT} {place_y(amount):.1f}H{_WIDTH - _RIGHT}"/>'
            yield f'<text x="{_LEFT - 8}" y="{place_y(amount) + 4:.1f}" text-anchor="end">{amount:g}</text>'
        for value in across:
            yield f'<path class="grid" d="M{place_x(value):.1f} {_HEIGHT - _BOTTOM}v5"/>'
            yield f'<text x="{place_x(value):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{value:g}</text>'
        yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{x_label}</text>'
        for number, line in enumerate(lines):
            path = "L".join(f"{place_x(x):.1f} {place_y(y):.1f}" for x, y in line.points)
            yield f'<path class="line s{number}" d="M{path}"/>'
        heights = _apart([place_y(line.points[-1][1]) + 4 for line in lines])
        for number, (line, height) in enumerate(zip(lines, heights, strict=True)):
            left = place_x(line.points[-1][0]) + 8
            yield f'<text class="s{number}" x="{left:.1f}" y="{height:.1f}">{line.name}</text>'
        yield "</svg>"

    return "\n".join(parts()) + "\n"


def _apart(heights: Sequence[float]) -> list[float]:
    """Return where the labels stand, none of them over another: each where its line ends, or else above it."""
    placed = list(heights)
    lowest_first = sorted(range(len(placed)), key=placed.__getitem__, reverse=True)
    for below, above in pairwise(lowest_first):
        placed[above] = min(placed[above], placed[below] - _LABEL_HEIGHT)
    return placed


def _ticks(largest: float) -> list[float]:
    """Return round values from 0 to one that is not below `largest`, four to eight steps."""
    raw = largest / 5
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw)
    return [step * number for number in range(math.ceil(largest / step) + 1)]
