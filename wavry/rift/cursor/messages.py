"""The shape of the host's pointer, as it is said on the control stream.

Pixels travel compressed. A peer's are unpacked no further than to the size that its bounded fields name.
"""

from __future__ import annotations

import zlib
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from wavry.errors import RemoteProtocolError
from wavry.media import CursorImage
from wavry.media.cursor import HIDDEN
from wavry.rift.framing import Message

MAX_SIDE = 256
"""Largest width and height. Programs use 16 to 96 pixels; 256 is the largest that desktops offer."""

MAX_PIXELS_BYTES = 27 * 1024
"""Most that compressed pixels may take. Shapes of 24 pixels come to about 300 bytes, soft shadows at 96 to 6 kB."""

Side: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_SIDE)]


class CursorShape(Message, frozen=True, kw_only=True):
    """Host to client: what the pointer looks like from now on."""

    kind: ClassVar[str] = "cursor_shape"
    max_bytes: ClassVar[int] = 28 * 1024

    width: Side = 0
    height: Side = 0
    """Nothing of either: a program of the host has hidden the pointer."""

    hot_x: Side = 0
    hot_y: Side = 0
    """The pixel that points; inside the picture."""

    pixels: Annotated[bytes, Meta(max_length=MAX_PIXELS_BYTES)] = b""
    """BGRA, premultiplied, rows without a gap, compressed as RFC 1950 (zlib)."""

    is_default: bool = False
    """The host can't say what it looks like: the client shows an arrow of its own."""

    @classmethod
    def of(cls, image: CursorImage | None) -> CursorShape:
        """Return the message for a shape, thinned until it fits; None where it is not known."""
        if image is None:
            return cls(is_default=True)
        if image.is_hidden:
            return cls()
        step = -(-max(image.width, image.height) // MAX_SIDE)
        while True:
            smaller = image.thinned(step)
            pixels = zlib.compress(smaller.pixels)
            if len(pixels) <= MAX_PIXELS_BYTES:
                break
            step += 1  # noise; each step has so many fewer pixels that a few are enough
        return cls(width=smaller.width, height=smaller.height, hot_x=smaller.hot_x, hot_y=smaller.hot_y, pixels=pixels)

    def image(self) -> CursorImage | None:
        """Return the shape; None where the client shows its own arrow.

        Raises:
            RemoteProtocolError: The hot spot is outside, or the pixels are not as many as the fields say.
        """
        if self.is_default:
            return None
        if not self.width or not self.height:
            return HIDDEN
        if self.hot_x >= self.width or self.hot_y >= self.height:
            raise RemoteProtocolError(f"hot spot {self.hot_x},{self.hot_y} of a {self.width}x{self.height} cursor")
        return CursorImage(self.width, self.height, self.hot_x, self.hot_y, self._unpack())

    def _unpack(self) -> bytes:
        wanted_bytes = 4 * self.width * self.height
        unpacker = zlib.decompressobj()
        try:
            pixels = unpacker.decompress(self.pixels, wanted_bytes)
            surplus = unpacker.decompress(unpacker.unconsumed_tail, 1)  # the end may stand behind the last pixel
        except zlib.error as error:
            raise RemoteProtocolError(f"pixels of a cursor: {error}") from None
        if len(pixels) != wanted_bytes or surplus or not unpacker.eof:
            raise RemoteProtocolError(f"pixels of a {self.width}x{self.height} cursor of another size")
        return pixels
