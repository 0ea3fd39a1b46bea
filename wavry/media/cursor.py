"""The pointer's picture: what a host reads from its screen, and a client draws."""

from __future__ import annotations

from typing import NamedTuple


class CursorImage(NamedTuple):
    """What a pointer looks like. Without pixels it is one that a program has hidden."""

    width: int
    height: int
    hot_x: int
    hot_y: int
    """The pixel that points, from the left and upper edge; inside the picture."""

    pixels: bytes
    """BGRA with colours premultiplied by alpha, rows without a gap: `4 * width * height` bytes."""

    @property
    def is_hidden(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.pixels

    def thinned(self, step: int) -> CursorImage:
        """Return the picture made of each `step`th pixel of each `step`th row; the hot spot stays where it is."""
        if step == 1 or self.is_hidden:
            return self
        pixels = memoryview(self.pixels).cast("I")
        rows = [pixels[top * self.width : (top + 1) * self.width : step] for top in range(0, self.height, step)]
        return CursorImage(
            len(rows[0]),
            len(rows),
            self.hot_x // step,
            self.hot_y // step,
            b"".join(row.tobytes() for row in rows),
        )


HIDDEN = CursorImage(0, 0, 0, 0, b"")
