"""The host's pointer in SDL's hands: cursors of the system's, and a sprite for where it is not ours to move.

Pixels come premultiplied. SDL hands a cursor's pixels to X11 as they are, and X11 wants them so; for other systems SDL
takes straight alpha. No blending that SDL's software renderer knows takes premultiplied pixels, so a sprite is drawn
twice: what it covers is darkened, then its light is added. That is the same, to the bit.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from wavry.client.window.sdl import sdl2

if TYPE_CHECKING:
    from wavry.client.window.renderer import Renderer
    from wavry.media import CursorImage, Rect

_MAX_CURSORS = 16
"""Programs use few shapes again and again; an animated one has up to 16 or so."""

_LARGEST = 256
"""Width and height of a cursor that every system takes."""


class CursorCache:
    """SDL's cursors of the shapes that were shown last. On the window's thread.

    It is also its place in the budget; each shape is counted twice, as it came and as the system has it.
    """

    cap_bytes = 2 * _MAX_CURSORS * _LARGEST * _LARGEST * 4
    policy = "the one that was shown longest ago is freed"

    def __init__(self) -> None:
        self._cursors: OrderedDict[tuple[CursorImage, float], Any] = OrderedDict()
        self._wants_straight = sdl2.SDL_GetCurrentVideoDriver() != b"x11"
        self.used_bytes = self.high_water_bytes = self.drops = 0

    def show(self, image: CursorImage, scale: float) -> None:
        """Make the system's pointer look so, `scale` times as large."""
        key = image, scale
        cursor = self._cursors.pop(key, None)
        if cursor is None:
            cursor = self._make(image, scale)
        self._cursors[key] = cursor
        if cursor:
            sdl2.SDL_SetCursor(cursor)
        if len(self._cursors) > _MAX_CURSORS:
            self._free(*self._cursors.popitem(last=False))
            self.drops += 1

    def _make(self, image: CursorImage, scale: float) -> Any:
        self.used_bytes += 2 * len(image.pixels)
        self.high_water_bytes = max(self.high_water_bytes, self.used_bytes)
        surface = _make_surface(image, straightened(image.pixels) if self._wants_straight else image.pixels)
        if scale != 1.0:
            size = scaled(image.width, scale), scaled(image.height, scale)
            larger = sdl2.SDL_CreateRGBSurfaceWithFormat(0, *size, 32, sdl2.SDL_PIXELFORMAT_ARGB8888)
            sdl2.SDL_SoftStretchLinear(surface, None, larger, None)
            sdl2.SDL_FreeSurface(surface)
            surface = larger
        cursor = sdl2.SDL_CreateColorCursor(surface, int(image.hot_x * scale), int(image.hot_y * scale))
        sdl2.SDL_FreeSurface(surface)
        return cursor

    def _free(self, key: tuple[CursorImage, float], cursor: Any) -> None:
        self.used_bytes -= 2 * len(key[0].pixels)
        if cursor:
            sdl2.SDL_FreeCursor(cursor)

    def close(self) -> None:
        """Free all. Idempotent."""
        while self._cursors:
            self._free(*self._cursors.popitem())


class Sprite:
    """A pointer that a renderer draws. On the window's thread."""

    def __init__(self) -> None:
        self._image: CursorImage | None = None
        self._renderer: Any = None
        self._textures: list[Any] = []

    def draw(self, renderer: Renderer, image: CursorImage, place: Rect) -> None:
        """Draw a shape over what is there."""
        if image is not self._image or renderer.handle is not self._renderer:
            self._make(renderer, image)
        rect = sdl2.SDL_Rect(*place)
        for texture in self._textures:
            sdl2.SDL_RenderCopy(renderer.handle, texture, None, rect)

    def _make(self, renderer: Renderer, image: CursorImage) -> None:
        if renderer.handle is self._renderer:
            self.close()  # textures of a renderer that is gone went with it
        shadow, light = bytearray(len(image.pixels)), bytearray(image.pixels)
        shadow[3::4] = image.pixels[3::4]
        light[3::4] = b"\xff" * (len(image.pixels) // 4)
        self._textures = []
        for pixels, mode in ((shadow, sdl2.SDL_BLENDMODE_BLEND), (light, sdl2.SDL_BLENDMODE_ADD)):
            surface = _make_surface(image, bytes(pixels))
            texture = sdl2.SDL_CreateTextureFromSurface(renderer.handle, surface)
            sdl2.SDL_FreeSurface(surface)
            if texture:
                sdl2.SDL_SetTextureBlendMode(texture, mode)
                self._textures.append(texture)
        self._image, self._renderer = image, renderer.handle

    def close(self) -> None:
        """Free its textures; before their renderer goes. Idempotent."""
        while self._textures:
            sdl2.SDL_DestroyTexture(self._textures.pop())
        self._image = self._renderer = None


def scaled(extent: int, scale: float) -> int:
    """Return a width or height in other pixels; it never vanishes."""
    return max(1, round(extent * scale))


def pointer_scale(picture_scale: float, image: CursorImage) -> float:
    """Return how large a pointer is drawn where the picture is so many times its size.

    Its own size is what it was made to be read at, so it keeps that while the picture is between half and double its
    size. Beyond that it would hide what it points at, or be lost: it goes with the picture, in eighths, so that a
    window that is being resized makes few of them.
    """
    if 0.5 <= picture_scale <= 2.0:
        return 1.0
    return min(max(1, round(picture_scale * 8)) / 8, _LARGEST / max(image.width, image.height))


def straightened(pixels: bytes) -> bytes:
    """Return premultiplied BGRA as straight BGRA: 0.2 µs a byte, but for shapes without soft edges nothing."""
    alphas = pixels[3::4]
    if not alphas.strip(b"\x00\xff") and set(alphas) <= {0, 255}:
        return pixels
    straight = bytearray(pixels)
    for channel in range(3):
        straight[channel::4] = bytes(
            min(255, (value * 255 + alpha // 2) // alpha) if alpha else 0
            for value, alpha in zip(pixels[channel::4], alphas, strict=True)
        )
    return bytes(straight)


def _make_surface(image: CursorImage, pixels: bytes) -> Any:
    """Return a surface with pixels of its own, to be freed."""
    stride = 4 * image.width
    # SDL names a format by its 32-bit value, and BGRA in memory is ARGB in that on a little-endian machine.
    surface = sdl2.SDL_CreateRGBSurfaceWithFormatFrom(
        pixels, image.width, image.height, 32, stride, sdl2.SDL_PIXELFORMAT_BGRA32
    )
    copy = sdl2.SDL_ConvertSurfaceFormat(surface, sdl2.SDL_PIXELFORMAT_ARGB8888, 0)
    sdl2.SDL_FreeSurface(surface)
    return copy
