"""The host's pointer in the window: seen once, and never a round trip behind the hand.

While the person's pointer is over the picture and moves the host's, it is the system's own pointer, in the host's
shape: it moves at once, whatever the network does. Otherwise (view only, no right, pointer locked, pointer elsewhere)
the host's pointer is a sprite at the place that the host tells. Hidden by a program of the host, it is hidden here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from wavry.client.window.arrow import ARROW
from wavry.client.window.cursors import CursorCache, Sprite, pointer_scale, scaled
from wavry.client.window.part import WindowPart
from wavry.client.window.sdl import sdl2
from wavry.errors import RemoteProtocolError
from wavry.media import CursorImage, Rect
from wavry.rift.cursor.datagrams import MAX_SHARE

if TYPE_CHECKING:
    from wavry.client.cursor import HostPointer
    from wavry.client.window.window import Window
    from wavry.media import Size
    from wavry.memory import MemoryBudget
    from wavry.rift.cursor.datagrams import CursorPlace
    from wavry.rift.cursor.messages import CursorShape

logger = logging.getLogger(__name__)


class WindowCursor(WindowPart):
    """Draws the host's pointer.

    Args:
        pointer: What is known of it.
        budget: Where what is kept here is counted.
    """

    def __init__(self, pointer: HostPointer, budget: MemoryBudget) -> None:
        self._pointer = pointer
        self._budget = budget
        self._sprite = Sprite()
        self._shape: CursorShape | None = None
        self._image: CursorImage | None = None
        """What it looks like; None: the host does not say."""
        self._place: CursorPlace | None = None
        self._is_ours = True
        self._mouse: tuple[int, int] | None = None
        """The person's pointer, in pixels of the window; None while it is elsewhere."""
        self._shown: tuple[CursorImage | None, float] | None = None
        """What the system's pointer looks like now, and its scale; None: as always."""
        self._sprite_rect: Rect | None = None
        """Where the sprite was drawn, or will be."""

    def opened(self, window: Window) -> None:
        """Listen to the host."""
        self._window = window
        self._cursors = CursorCache()
        self._registration = self._budget.register("client.cursors", self._cursors, policy=self._cursors.policy)
        self._event = event = window.new_event()
        self._pointer.wake_with(lambda: window.push(event))

    def handle(self, event: Any) -> bool:
        """Follow the host, the person's pointer, and the window."""
        kind = event.type
        if kind == self._event:
            self._take_news()
            return True
        if kind == sdl2.SDL_MOUSEMOTION:
            self._mouse = event.motion.x, event.motion.y
            self._settle()
        elif kind == sdl2.SDL_WINDOWEVENT:
            if event.window.event == sdl2.SDL_WINDOWEVENT_LEAVE:
                self._mouse = None
            self._settle()
        elif kind == sdl2.SDL_KEYUP:
            self._settle()  # its press may have locked the pointer, or let it go
        return False

    def draw(self) -> None:
        """Draw the pointer, if it is not the system's."""
        self._settle()  # the pointer may have been locked, the picture have got another place
        renderer, image = self._window.renderer, self._image or ARROW
        if renderer is not None and self._sprite_rect is not None:
            self._sprite.draw(renderer, image, self._sprite_rect)

    def closed(self) -> None:
        """Free what SDL has of it."""
        self._sprite.close()
        sdl2.SDL_SetCursor(sdl2.SDL_GetDefaultCursor())
        self._cursors.close()
        self._registration.close()

    def _take_news(self) -> None:
        news = self._pointer.take()
        if news.shape is not self._shape:
            self._shape = news.shape
            self._take_shape(news.shape)
        before, self._place = self._place, news.place
        self._is_ours = news.is_ours
        self._settle()
        if before is not None and news.place is not None and before.warps != news.place.warps:
            self._follow_warp(news.place)

    def _take_shape(self, shape: CursorShape | None) -> None:
        try:
            self._image = None if shape is None else shape.image()
        except RemoteProtocolError as error:
            logger.debug("a shape of the pointer was skipped: %s", error)
            return
        if self._sprite_rect is not None:
            self._window.redraw(self._sprite_rect)

    # Which of the two it is.

    def _settle(self) -> None:
        """Make the system's pointer and the sprite what they have to be now; cheap when they are."""
        has_pointer = self._has_pointer
        self._show_pointer(has_pointer and not self._window.needs_arrow)
        rect = None if has_pointer else self._find_sprite()
        if rect != self._sprite_rect:
            for stale in (self._sprite_rect, rect):
                if stale is not None:
                    self._window.redraw(stale)
            self._sprite_rect = rect

    @property
    def _has_pointer(self) -> bool:
        """Whether the host's pointer is the one in the person's hand."""
        picture = self._picture[0]
        if not self._is_ours or self._mouse is None or picture is None or sdl2.SDL_GetRelativeMouseMode():
            return False
        x, y = self._mouse[0] - picture.x, self._mouse[1] - picture.y
        return 0 <= x < picture.width and 0 <= y < picture.height

    def _show_pointer(self, has_pointer: bool) -> None:
        image = self._image
        wanted = None
        if has_pointer and image is not None:
            wanted = image, 1.0 if image.is_hidden else pointer_scale(self._picture_scale, image)
        if wanted == self._shown:
            return
        self._shown = wanted
        if wanted is None or image is None:
            sdl2.SDL_SetCursor(sdl2.SDL_GetDefaultCursor())
        elif not image.is_hidden:
            self._cursors.show(*wanted)
        is_hidden = wanted is not None and image is not None and image.is_hidden
        sdl2.SDL_ShowCursor(sdl2.SDL_DISABLE if is_hidden else sdl2.SDL_ENABLE)

    def _find_sprite(self) -> Rect | None:
        """Return where the sprite goes in the window, if there is one to see."""
        image, place = self._image or ARROW, self._place
        if place is None or not place.is_inside or image.is_hidden or self._picture[0] is None:
            return None
        x, y = self._in_window(place)
        scale = pointer_scale(self._picture_scale, image)
        left, top = x - int(image.hot_x * scale), y - int(image.hot_y * scale)
        return Rect(left, top, scaled(image.width, scale), scaled(image.height, scale))

    def _follow_warp(self, place: CursorPlace) -> None:
        """A program of the host has moved the pointer: so move the person's, unless they are busy elsewhere."""
        has_focus = sdl2.SDL_GetWindowFlags(self._window.handle) & sdl2.SDL_WINDOW_INPUT_FOCUS
        if place.is_inside and has_focus and self._has_pointer:
            sdl2.SDL_WarpMouseInWindow(self._window.handle, *self._in_window(place))

    @property
    def _picture(self) -> tuple[Rect | None, Size | None]:
        """Where the picture is in the window, and its own size; None of both before the first one."""
        renderer = self._window.renderer
        return (None, None) if renderer is None else (renderer.place, renderer.picture_size)

    @property
    def _picture_scale(self) -> float:
        picture, size = self._picture
        return 1.0 if picture is None or size is None else picture.width / size.width

    def _in_window(self, place: CursorPlace) -> tuple[int, int]:
        """Return the pixel of the window that shows a place in the stream."""
        picture, size = self._picture
        assert picture is not None  # who calls this has looked
        assert size is not None
        return (
            picture.x + pixel_of(place.x, size.width, picture.width),
            picture.y + pixel_of(place.y, size.height, picture.height),
        )


def pixel_of(share: int, pixels: int, drawn: int) -> int:
    """Return where the middle of a pixel of the stream is in a picture of another size."""
    return int((share * (pixels - 1) / MAX_SHARE + 0.5) * drawn / pixels)
