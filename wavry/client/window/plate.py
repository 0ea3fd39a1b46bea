"""A sheet of text on the screen: one small texture, uploaded when the text changes, composed by the renderer."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from wavry.client.window.sdl import sdl2
from wavry.client.window.text import MAX_SHEET_BYTES, Colour, Sheet
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from wavry.client.window.renderer import Renderer

BACKGROUND = Colour(18, 22, 30, 242)
OPAQUE = BACKGROUND._replace(alpha=255)
"""For what is drawn with every picture: to blend takes ten times as long as to copy."""

TEXT = Colour(232, 236, 242)
FAINT = Colour(168, 177, 192)
ACCENT = Colour(120, 190, 255)

MARGIN = 16
"""Pixels between a plate and the edge of the window."""


class Plate:
    """Shows one sheet. On the window's thread.

    It keeps the sheet too, since a texture goes with its renderer, and the window changes its renderer once. Where SDL
    makes no texture nothing is shown: the picture matters more.
    """

    def __init__(self) -> None:
        self._sheet: Sheet | None = None
        self._renderer: Renderer | None = None
        self._texture: Any = None
        self._texture_size: Size | None = None
        self._is_new = False

    @property
    def size(self) -> Size:
        """The sheet's size."""
        return Size(0, 0) if self._sheet is None else Size(self._sheet.width, self._sheet.height)

    @property
    def used_bytes(self) -> int:
        """Sheet and texture."""
        return 2 * 4 * self.size.width * self.size.height

    def put(self, sheet: Sheet | None) -> None:
        """Show another sheet from now on, or none."""
        self._sheet = sheet
        self._is_new = True
        if sheet is None:
            self._drop_texture()

    def draw(self, renderer: Renderer, x: int, y: int) -> None:
        """Draw the sheet over what is there."""
        sheet = self._sheet
        if sheet is None:
            return
        if renderer is not self._renderer:
            self._renderer, self._texture = renderer, None  # the old texture went with the old renderer
        if self._texture is None or self._texture_size != self.size:
            self._drop_texture()
            self._make_texture(renderer)
        if self._is_new and self._texture is not None:
            pixels = (ctypes.c_ubyte * len(sheet.pixels)).from_buffer(sheet.pixels)
            sdl2.SDL_UpdateTexture(self._texture, None, pixels, sheet.width * 4)
            self._is_new = False
        if self._texture is not None:
            sdl2.SDL_RenderCopy(renderer.handle, self._texture, None, sdl2.SDL_Rect(x, y, sheet.width, sheet.height))

    def _make_texture(self, renderer: Renderer) -> None:
        texture = sdl2.SDL_CreateTexture(
            renderer.handle, sdl2.SDL_PIXELFORMAT_ARGB8888, sdl2.SDL_TEXTUREACCESS_STATIC, *self.size
        )
        if texture:
            is_opaque = self._sheet is None or self._sheet.background.alpha == 255
            sdl2.SDL_SetTextureBlendMode(texture, sdl2.SDL_BLENDMODE_NONE if is_opaque else sdl2.SDL_BLENDMODE_BLEND)
            self._texture, self._texture_size, self._is_new = texture, self.size, True

    def _drop_texture(self) -> None:
        if self._texture is not None:
            sdl2.SDL_DestroyTexture(self._texture)
            self._texture = None


class PlateMemory:
    """What the plates of a window hold, for the budget.

    Args:
        plates: All of them.
    """

    policy = "one sheet each, replaced by the next"
    drops = 0

    def __init__(self, *plates: Plate) -> None:
        self._plates = plates
        self.cap_bytes = len(plates) * 2 * MAX_SHEET_BYTES
        self._high_water_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Sheets and their textures."""
        used = sum(plate.used_bytes for plate in self._plates)
        self._high_water_bytes = max(self._high_water_bytes, used)
        return used

    @property
    def high_water_bytes(self) -> int:
        """The most that was seen."""
        return max(self._high_water_bytes, self.used_bytes)


def dim(renderer: Renderer, area: Rect, alpha: int) -> None:
    """Darken a part of what is drawn."""
    sdl2.SDL_SetRenderDrawBlendMode(renderer.handle, sdl2.SDL_BLENDMODE_BLEND)
    sdl2.SDL_SetRenderDrawColor(renderer.handle, 8, 10, 14, alpha)
    sdl2.SDL_RenderFillRect(renderer.handle, sdl2.SDL_Rect(*area))
