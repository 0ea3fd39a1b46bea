"""An arrow for hosts that do not tell what their pointer looks like. The shape is our own."""

from __future__ import annotations

from wavry.media import CursorImage

_ROWS = """
#
##
#.#
#..#
#...#
#....#
#.....#
#......#
#.......#
#........#
#.........#
#......#####
#...#..#
#..# #..#
#.#  #..#
##    #..#
#     #..#
       ##
"""
_INK = {" ": b"\0\0\0\0", "#": b"\0\0\0\xff", ".": b"\xff\xff\xff\xff"}


def _draw() -> CursorImage:
    rows = _ROWS.strip("\n").split("\n")
    width = max(map(len, rows))
    pixels = b"".join(_INK[dot] for row in rows for dot in row.ljust(width))
    return CursorImage(width, len(rows), 0, 0, pixels)


ARROW = _draw()
