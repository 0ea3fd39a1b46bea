"""A line chart as SVG, by hand: small, no library, readable on a light and on a dark page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.memory import Series

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 96, 44, 48
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600; font-size: 15px }
  .page { fill: #fff } .grid { stroke: #ddd } .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .s0 { stroke: #0b62c4 } .s1 { stroke: #c2500a } text.s0 { fill: #0b62c4 } text.s1 { fill: #c2500a }
  text.s0, text.s1 { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .page { fill: #16191d } .grid { stroke: #3a3f45 }
    .s0 { stroke: #6db3ff } .s1 { stroke: #ff9d5c } text.s0 { fill: #6db3ff } text.s1 { fill: #ff9d5c }
  }
"""


def draw_memory(series: Sequence[Series], *, title: str = "Resident memory (MB)") -> str:
    """Return a chart of resident memory over time, at most two lines, the vertical axis from 0."""
    longest_s = max((each.points[-1][0] for each in series if each.points), default=1.0)
    times = _ticks(longest_s)
    amounts = _ticks(max(each.peak_mb for each in series) or 1.0)

    def x(seconds: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / times[-1]

    def y(megabytes: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * megabytes / amounts[-1]

    def parts() -> Iterator[str]:
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        yield f"<title>{title}</title><style>{_STYLE}</style>"
        yield f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>'
        yield f'<text class="title" x="{_LEFT}" y="26">{title}</text>'
        for amount in amounts:
            yield f'<path class="grid" d="M{_LEFT} {y(amount):.1f}H{_WIDTH - _RIGHT}"/>'
            yield f'<text x="{_LEFT - 8}" y="{y(amount) + 4:.1f}" text-anchor="end">{amount:g}</text>'
        for time in times:
            yield f'<path class="grid" d="M{x(time):.1f} {_HEIGHT - _BOTTOM}v5"/>'
            yield f'<text x="{x(time):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{time:g}</text>'
        yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">seconds</text>'
        for number, each in enumerate(series):
            if each.points:
                path = "L".join(f"{x(time):.1f} {y(amount):.1f}" for time, amount in each.points)
                yield f'<path class="line s{number}" d="M{path}"/>'
        for number, (label, height) in enumerate(_labels(series, [y(each.points[-1][1]) for each in series])):
            yield f'<text class="s{number}" x="{x(longest_s) + 8:.1f}" y="{height:.1f}">{label}</text>'
        yield "</svg>"

    return "\n".join(parts()) + "\n"


def _labels(series: Sequence[Series], heights: Sequence[float]) -> list[tuple[str, float]]:
    """Return what stands at the end of each line, and where, so that two labels don't overlap."""
    placed = [height + 4 for height in heights]
    if len(placed) == 2 and abs(placed[0] - placed[1]) < 16:
        middle, first_is_above = sum(placed) / 2, placed[0] <= placed[1]
        placed = [middle - 8, middle + 8] if first_is_above else [middle + 8, middle - 8]
    names = [f"{each.name} {each.points[-1][1]:.0f}" for each in series]
    return list(zip(names, placed, strict=True))


def _ticks(largest: float) -> list[float]:
    """Return round values from 0 to one that is not below `largest`, four to eight steps."""
    raw = largest / 5
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw)
    return [step * number for number in range(math.ceil(largest / step) + 1)]
