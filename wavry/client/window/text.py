"""Text as pixels: for the few words and figures that the window shows.

The glyphs are drawn beforehand (`scripts/make_glyphs.py`) from DejaVu Sans, whose licence lies beside them: Latin,
Greek and Cyrillic, smooth, in two sizes, 33 kB in all. SDL_ttf would load FreeType and HarfBuzz, 5 MB, and need a font
that may not be on the machine; this takes 0.4 MB once text is shown, and nothing before. What has no glyph is shown as
U+FFFD, so a host may be called anything.

A file of glyphs is zlib around: line height (1 byte), number of glyphs (2), code point (2) and width (1) of each, then
how much of each pixel each glyph covers, row by row, 0 to 255. Integers are big-endian.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

MAX_SHEET_BYTES = 2_000_000
"""Of one sheet: 960x520."""

_UNKNOWN = "\ufffd"
_ELLIPSIS = "…"


class Colour(NamedTuple):
    """A colour; 255 of alpha hides what is behind."""

    red: int
    green: int
    blue: int
    alpha: int = 255


class Font:
    """Glyphs of one size; for any thread.

    Args:
        packed: A file as above.
    """

    def __init__(self, packed: bytes) -> None:
        data = zlib.decompress(packed)
        self.line_height, count = struct.unpack_from(">BH", data)
        self._coverage = data
        self._glyphs: dict[str, tuple[int, int]] = {}
        """Where each begins in `_coverage`, and its width."""
        begin = 3 + 3 * count
        for code, width in struct.iter_unpack(">HB", data[3:begin]):
            self._glyphs[chr(code)] = (begin, width)
            begin += width * self.line_height

    def width(self, text: str) -> int:
        """Return how many pixels a text is wide."""
        return sum(self._glyph(letter)[1] for letter in text)

    def fit(self, text: str, width: int) -> str:
        """Return the text, its end cut off where it is wider than `width` pixels."""
        if self.width(text) <= width:
            return text
        left = width - self.width(_ELLIPSIS)
        for kept, letter in enumerate(text):
            left -= self._glyph(letter)[1]
            if left < 0:
                return text[:kept].rstrip() + _ELLIPSIS
        return text

    def rows(self, text: str) -> list[bytes]:
        """Return how much each pixel is covered, row by row."""
        glyphs = [self._glyph(letter) for letter in text]
        data = self._coverage
        return [
            b"".join([data[begin + row * width : begin + (row + 1) * width] for begin, width in glyphs])
            for row in range(self.line_height)
        ]

    def _glyph(self, letter: str) -> tuple[int, int]:
        return self._glyphs.get(letter) or self._glyphs[_UNKNOWN]


@cache
def font(name: str) -> Font:
    """Return the `small` font (16 pixels a line) or the `large` one (28); loaded once."""
    return Font(Path(__file__).with_name("glyphs").joinpath(f"{name}.z").read_bytes())


class Sheet:
    """A rectangle that is written on: one background, any texts.

    Args:
        width: In pixels.
        height: In pixels.
        background: Of all that is not text.
    """

    def __init__(self, width: int, height: int, background: Colour) -> None:
        if not 0 < width * height * 4 <= MAX_SHEET_BYTES:
            raise ValueError(f"a sheet of {width}x{height}, at most {MAX_SHEET_BYTES} bytes")
        self.width, self.height = width, height
        self.background = background
        self.pixels = bytearray(_bytes_of(background) * (width * height))
        """Blue, green, red, alpha, row by row without gaps; alpha is not multiplied in."""

    def copy(self) -> Sheet:
        """Return another one that looks the same."""
        twin = Sheet(1, 1, self.background)
        twin.width, twin.height, twin.pixels = self.width, self.height, self.pixels[:]
        return twin

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Fill a part, cut to the sheet."""
        left, right = max(0, x), min(self.width, x + width)
        row_bytes = _bytes_of(colour) * max(0, right - left)
        for row in range(max(0, y), min(self.height, y + height)):
            begin = (row * self.width + left) * 4
            self.pixels[begin : begin + len(row_bytes)] = row_bytes

    def write(self, x: int, y: int, text: str, font: Font, colour: Colour, *, on: Colour | None = None) -> None:
        """Write a text, its upper left corner at `x`, `y`; what does not fit is cut off.

        Args:
            x: In pixels, 0 or more.
            y: In pixels, 0 or more.
            text: One line.
            font: How.
            colour: Of the letters.
            on: What is behind it; the sheet's background unless told.
        """
        room = self.width - x
        rows = [row[:room] for row in font.rows(text)[: max(0, self.height - y)]] if room > 0 else []
        width = len(rows[0]) if rows else 0
        if not width:
            return
        behind = self.background if on is None else on
        coverage = b"".join(rows)
        block = bytearray(_bytes_of(behind) * len(coverage))
        for channel, table in enumerate(_blending(behind, colour)):
            block[channel::4] = coverage.translate(table)
        for row in range(len(rows)):
            begin = ((y + row) * self.width + x) * 4
            self.pixels[begin : begin + 4 * width] = block[row * width * 4 : (row + 1) * width * 4]


def _bytes_of(colour: Colour) -> bytes:
    return bytes((colour.blue, colour.green, colour.red, colour.alpha))


@cache
def _blending(behind: Colour, colour: Colour) -> tuple[bytes, ...]:
    """Return what coverage makes of each channel that changes. The program has a handful of pairs of colours."""
    pairs = list(zip(_bytes_of(behind), _bytes_of(colour), strict=True))
    if behind.alpha == colour.alpha:
        pairs.pop()
    return tuple(bytes(round(low + (high - low) * coverage / 255) for coverage in range(256)) for low, high in pairs)
