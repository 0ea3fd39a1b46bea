"""The overlay: how the stream is, in a corner of the window, redone twice a second.

Its text is drawn once into one small texture; each picture then costs one more copy (0.03 ms in software). While it is
off nothing is computed.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from wavry.client.recent import LOOK_INTERVAL_S, STAGES, Figures, RecentFigures
from wavry.client.window.part import WindowPart
from wavry.client.window.plate import ACCENT, FAINT, MARGIN, OPAQUE, TEXT, Plate
from wavry.client.window.text import Sheet, font

if TYPE_CHECKING:
    from wavry.client.window.window import Window

_PADDING = 12
_LINE = 18
_GAP = 7
"""Above a heading."""
_WIDTH = 248
_COLUMNS = (160, _WIDTH - _PADDING)
"""Where the two columns of figures end."""

_UNKNOWN = "-"
_NAMES = {"playout": "smoothing"}
"""Where the name of a stage says little to a person."""


class Row(NamedTuple):
    """One line: a name and one or two figures."""

    name: str
    left: str = ""
    right: str = ""
    is_heading: bool = False


def overlay_rows(figures: Figures) -> list[Row]:
    """Return what the overlay says."""
    latencies = figures.latencies_ms
    total = latencies.get("capture_to_shown")
    return [
        Row(figures.size or "no stream yet", right=figures.codec or "", is_heading=True),
        Row("frames a second", right=_number(figures.fps)),
        Row("bit rate", right=_bit_rate(figures.bitrate_bps)),
        Row("milliseconds", "p50", "p95", is_heading=True),
        *(Row(_NAMES.get(stage, stage), *_pair(latencies.get(stage))) for stage in STAGES),
        Row("screen to screen", *_pair(total)),
        Row("network", is_heading=True),
        Row("round trip", right=_with_unit(figures.rtt_ms, "ms")),
        Row("lost", right=_share(figures.loss)),
        Row("of these repaired", right=_share(figures.repaired)),
        Row("sound after picture", right=_with_unit(figures.sound_offset_ms, "ms", signed=True)),
        Row("buffers", is_heading=True),
        Row("reordering", right=_use(figures.reorder)),
        Row("pictures", right=_use(figures.pictures)),
    ]


def draw_rows(rows: list[Row]) -> Sheet:
    """Return the overlay as pixels: 1 ms."""
    face = font("small")
    form, tops = _form(tuple((row.name, row.is_heading) for row in rows))
    sheet = form.copy()
    for y, row in zip(tops, rows, strict=True):
        for text, end in zip((row.left, row.right), _COLUMNS, strict=True):
            if text:
                sheet.write(end - face.width(text), y, text, face, FAINT if row.is_heading else TEXT)
    return sheet


@lru_cache(maxsize=1)
def _form(names: tuple[tuple[str, bool], ...]) -> tuple[Sheet, list[int]]:
    """Return the overlay without its figures, which is the same again and again, and where its rows begin."""
    face = font("small")
    tops = list(accumulate((_LINE + _GAP * is_heading for _, is_heading in names[1:]), initial=_PADDING))
    sheet = Sheet(_WIDTH, tops[-1] + face.line_height + _PADDING, OPAQUE)
    for y, (name, is_heading) in zip(tops, names, strict=True):
        sheet.write(_PADDING, y, name, face, ACCENT if is_heading else FAINT)
    return sheet, tops


class Overlay(WindowPart):
    """Shows the figures of the last seconds. On the window's thread.

    Args:
        recent: Where they come from.
        is_on: Whether it is shown at first.
    """

    def __init__(self, recent: RecentFigures, *, is_on: bool = False) -> None:
        self._recent = recent
        self._window: Window | None = None
        self._is_on = is_on
        self._due_at = 0.0
        self.plate = Plate()

    def opened(self, window: Window) -> None:
        """Keep the window."""
        self._window = window

    def toggle(self) -> None:
        """Show it, or stop that."""
        self._is_on = not self._is_on
        self._due_at = 0.0
        if not self._is_on:
            self._recent.forget()
            _form.cache_clear()
            self.plate.put(None)
        if self._window is not None:
            self._window.redraw()

    def due_ms(self) -> int | None:
        """Draw when the figures are old, also while no picture comes."""
        return max(0, round((self._due_at - monotonic()) * 1000)) if self._is_on else None

    def draw(self) -> None:
        """Draw it in the upper left corner."""
        window, now = self._window, monotonic()
        if not self._is_on or window is None:
            return
        is_due = now >= self._due_at
        if is_due:
            self._due_at = now + LOOK_INTERVAL_S
        if window.renderer is None:
            return
        if is_due:
            self.plate.put(draw_rows(overlay_rows(self._recent.look(now=now))))
        self.plate.draw(window.renderer, MARGIN, MARGIN)

    def closed(self) -> None:
        """Let go of what SDL made."""
        self.plate.put(None)


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.1f}"


def _with_unit(value: float | None, unit: str, *, signed: bool = False) -> str:
    return _UNKNOWN if value is None else f"{value:+.1f} {unit}" if signed else f"{value:.1f} {unit}"


def _pair(values: tuple[float, float] | None) -> tuple[str, str]:
    return (_UNKNOWN, _UNKNOWN) if values is None else (_number(values[0]), _number(values[1]))


def _bit_rate(bps: float | None) -> str:
    if bps is None:
        return _UNKNOWN
    return f"{bps / 1e6:.1f} Mbit/s" if bps >= 1e6 else f"{bps / 1e3:.0f} kbit/s"


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value * 100:.2f} %"


def _use(use: tuple[int, int] | None) -> str:
    return _UNKNOWN if use is None else f"{use[0] / 1e6:.1f} of {use[1] / 1e6:.1f} MB"
