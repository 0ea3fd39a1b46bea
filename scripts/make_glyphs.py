"""Draws the glyphs of the window's text from DejaVu Sans, with SDL_ttf. Run by hand: the repository has its files.

    python scripts/make_glyphs.py [/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf]

What a file holds is said in `wavry/client/window/text.py`, which reads it.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import warnings
import zlib
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import sdl2
    from sdl2 import sdlttf

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
TARGET = Path(__file__).parents[1] / "wavry" / "client" / "window" / "glyphs"
SIZES = {"small": 13, "large": 24}
"""Points, at 72 to the inch: pixels."""

RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x384, 0x3CE), (0x400, 0x45F), (0x490, 0x493))
"""Latin with its accents, Greek, Cyrillic: what hosts are called in Europe."""
SINGLE = (
    "\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2022\u2026\u2030\u20ac\u2190\u2191\u2192\u2193\u25b8\u2713\ufffd"
)


def draw(font: object, letter: str, height: int) -> tuple[int, bytes]:
    """Return the width of a letter and how much of each pixel it covers, `height` rows, in 16 steps."""
    surface = sdlttf.TTF_RenderUTF8_Blended(font, letter.encode(), sdl2.SDL_Color(255, 255, 255, 255)).contents
    rows = [ctypes.string_at(surface.pixels + row * surface.pitch, surface.w * 4)[3::4] for row in range(height)]
    return surface.w, bytes(value & 0xF0 | value >> 4 for value in b"".join(rows))


def main() -> None:
    """Write one file for each size."""
    path = sys.argv[1] if len(sys.argv) > 1 else FONT
    letters = [chr(code) for first, last in RANGES for code in range(first, last + 1)] + list(SINGLE)
    letters = sorted(letter for letter in letters if letter.isprintable() or letter == "\u00a0")
    sdlttf.TTF_Init()
    for name, points in SIZES.items():
        font = sdlttf.TTF_OpenFont(path.encode(), points)
        known = [letter for letter in letters if sdlttf.TTF_GlyphIsProvided(font, ord(letter))]
        height = sdlttf.TTF_FontHeight(font)
        glyphs = [draw(font, letter, height) for letter in known]
        table = b"".join(struct.pack(">HB", ord(letter), glyph[0]) for letter, glyph in zip(known, glyphs, strict=True))
        head = struct.pack(">BH", height, len(known))
        packed = zlib.compress(head + table + b"".join(glyph[1] for glyph in glyphs), 9)
        (TARGET / f"{name}.z").write_bytes(packed)
        print(f"{name}: {len(known)} glyphs of {points} px, {len(packed)} bytes")


if __name__ == "__main__":
    main()
