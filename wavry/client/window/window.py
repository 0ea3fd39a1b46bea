"""The window: waits for pictures and for the person, shows the newest, never spins.

SDL wants the process's main thread (macOS insists), so `run` is called there and the event loop lives on another
thread; they meet in the queue of pictures and in SDL's own event queue, which other threads may push into.
"""

from __future__ import annotations

import ctypes
import logging
from typing import TYPE_CHECKING, Any

from wavry.backends import AUTO
from wavry.client.window.renderer import Renderer, View, open_first_renderer, open_renderer, set_hints
from wavry.client.window.scaling import ScaleMode
from wavry.client.window.sdl import sdl2, sdl_error, start_video
from wavry.clock import monotonic_us
from wavry.errors import BackendUnavailableError
from wavry.media import Rect, Size
from wavry.memory import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.client.window.part import WindowPart
    from wavry.decode import Picture
    from wavry.media import Rect
    from wavry.pipeline import BoundedQueue

logger = logging.getLogger(__name__)

_INITIAL_SIZE = (1280, 720)

_MAX_STALE_PARTS = 8
"""With more it is quicker to draw all."""


class Window:
    """A resizable SDL window.

    Args:
        title: Its first title.
        pictures: The newest picture that was not shown, depth 1; `wake` says that there is one.
        on_shown: Told of every picture with the time it was on the screen (microseconds, monotonic).
        fullscreen: Start without borders over the whole monitor.
        renderer: `auto` or a name of `RENDERERS`.
        scale: How large the picture is drawn at first.
        parts: What else is in the window; see `WindowPart` for their order.

    Raises:
        BackendUnavailableError: SDL finds no screen.
    """

    def __init__(
        self,
        title: str,
        pictures: BoundedQueue[Picture],
        on_shown: Callable[[Picture, int], None],
        *,
        fullscreen: bool = False,
        renderer: str = AUTO,
        scale: ScaleMode = ScaleMode.FIT,
        parts: Sequence[WindowPart] = (),
    ) -> None:
        self._pictures = pictures
        self._on_shown = on_shown
        self._wanted_renderer = renderer
        self._parts = tuple(parts)
        self._drawn_parts = sorted(self._parts, key=lambda part: part.layer)
        self._renderer: Renderer | None = None
        self._has_picture = False
        self._view = View(scale)
        self._fitted = False
        self._open = True
        self._needs_redraw = False
        self.needs_arrow = False
        """Whether a part needs the person's own pointer to be seen, whatever the host's looks like."""
        self._stale_parts: list[Rect] = []
        set_hints()
        try:
            start_video()
        except BackendUnavailableError as error:
            raise BackendUnavailableError(error.name, f"{error.reason}; --headless needs no screen") from error
        self._picture_event = sdl2.SDL_RegisterEvents(4)
        self._title_event = self._picture_event + 1
        self._quit_event = self._picture_event + 2
        self._redraw_event = self._picture_event + 3
        self._first_title, self._title = title, title.encode()
        flags = sdl2.SDL_WINDOW_RESIZABLE | (sdl2.SDL_WINDOW_FULLSCREEN_DESKTOP if fullscreen else 0)
        centre = sdl2.SDL_WINDOWPOS_CENTERED
        self._window = sdl2.SDL_CreateWindow(self._title, centre, centre, *_INITIAL_SIZE, flags)
        if not self._window:
            reason = sdl_error()
            sdl2.SDL_Quit()
            raise BackendUnavailableError("window", reason)
        try:
            self._renderer = open_first_renderer(self._window, self._view)
        except BackendUnavailableError as error:
            logger.debug("no words before the first picture: %s", error)
        for part in self._parts:
            part.opened(self)

    @property
    def handle(self) -> Any:
        """SDL's window."""
        return self._window

    @property
    def renderer(self) -> Renderer | None:
        """What draws; another one from the first picture on. None before it where SDL can't draw in software."""
        return self._renderer

    def new_event(self) -> int:
        """Return a kind of SDL event that nobody else has, for a part to `push`."""
        kind: int = sdl2.SDL_RegisterEvents(1)
        return kind

    @property
    def place(self) -> Rect | None:
        """Where the picture is, in pixels of the window, as it was drawn last; it may reach beyond the window."""
        return None if self._renderer is None else self._renderer.place

    @property
    def size(self) -> Size:
        """What is drawn into, in pixels."""
        return Size(*_INITIAL_SIZE) if self._renderer is None else self._renderer.size

    @property
    def view(self) -> View:
        """How the person looks at the picture; `redraw` after a change."""
        return self._view

    # From any thread.

    def push(self, kind: int) -> None:
        """Have an event of a kind handled on the window's thread."""
        self._push(kind)

    def wake(self) -> None:
        """Say that there is a picture."""
        self._push(self._picture_event)

    def redraw_soon(self) -> None:
        """Have the window drawn again; from the window's own thread `redraw` does."""
        self._push(self._redraw_event)

    def set_title(self, title: str) -> None:
        """Change the title; "" brings the first one back."""
        self._title = (title or self._first_title).encode()
        self._push(self._title_event)

    def stop(self) -> None:
        """Make `run` return."""
        self._push(self._quit_event)

    def _push(self, kind: int) -> None:
        event = sdl2.SDL_Event()
        event.type = kind
        sdl2.SDL_PushEvent(event)

    # On the thread that made it.

    def run(self) -> None:
        """Show pictures until the person closes the window or `stop` is called."""
        event = sdl2.SDL_Event()
        self._draw()
        while self._open:
            needs_redraw = not self._wait(event) or self._handle(event)
            while sdl2.SDL_PollEvent(event) != 0:
                needs_redraw |= self._handle(event)
            picture = self._pictures.get_nowait()
            if picture is not None:
                self._show(picture)
            elif needs_redraw or self._due_ms() == 0:
                self._draw()
            elif self._stale_parts:
                self._draw_parts()

    def _wait(self, event: Any) -> bool:
        """Sleep until there is an event, or some part wants to be drawn; say whether there is one."""
        due_ms = self._due_ms()
        if due_ms is None:
            return bool(sdl2.SDL_WaitEvent(event))
        return bool(sdl2.SDL_WaitEventTimeout(event, due_ms))

    def _due_ms(self) -> int | None:
        return min((due for part in self._parts if (due := part.due_ms()) is not None), default=None)

    def _handle(self, event: Any) -> bool:
        """Act on one event; say whether the window must be drawn again."""
        if any(part.handle(event) for part in self._parts):
            return self._take_redraw()
        kind = event.type
        if kind in (sdl2.SDL_QUIT, self._quit_event):
            self._open = False
        elif kind == self._title_event:
            sdl2.SDL_SetWindowTitle(self._window, self._title)
        return (
            self._take_redraw()
            or kind == self._redraw_event
            or bool(
                kind == sdl2.SDL_WINDOWEVENT
                and event.window.event in (sdl2.SDL_WINDOWEVENT_EXPOSED, sdl2.SDL_WINDOWEVENT_SIZE_CHANGED)
            )
        )

    def leave(self) -> None:
        """Make `run` return."""
        self._open = False

    def toggle_fullscreen(self) -> None:
        """Fill the monitor, or stop that."""
        is_full = sdl2.SDL_GetWindowFlags(self._window) & sdl2.SDL_WINDOW_FULLSCREEN_DESKTOP
        sdl2.SDL_SetWindowFullscreen(self._window, 0 if is_full else sdl2.SDL_WINDOW_FULLSCREEN_DESKTOP)

    def _show(self, picture: Picture) -> None:
        if not self._has_picture:
            self._has_picture = True
            self._fit_to(picture.frame.width, picture.frame.height)
            first, self._renderer = self._renderer, None
            self._renderer = open_renderer(
                self._window, picture.frame, first=first, view=self._view, wanted=self._wanted_renderer
            )
            refused = "; ".join(map(str, self._renderer.refusals))
            logger.info("window: %s renderer%s", self._renderer.name, f" (refused {refused})" if refused else "")
        assert self._renderer is not None  # opened with the first picture
        self._renderer.upload(picture.frame)
        self._draw()
        checkpoint("picture_shown")
        self._on_shown(picture, monotonic_us())

    def redraw(self, part: Rect | None = None) -> None:
        """Have the window drawn again, or a part of it, once the present event is dealt with."""
        if part is None or len(self._stale_parts) == _MAX_STALE_PARTS:
            self._needs_redraw = True
        else:
            self._stale_parts.append(part)

    def _take_redraw(self) -> bool:
        needs_redraw, self._needs_redraw = self._needs_redraw, False
        return needs_redraw

    def _draw(self) -> None:
        """Draw the picture, if there is one, and what is over it."""
        renderer = self._renderer
        if renderer is not None:
            self._draw_with(renderer)
            self._stale_parts.clear()
            renderer.present()

    def _draw_with(self, renderer: Renderer) -> None:
        """Draw without showing it."""
        renderer.draw()
        for part in self._drawn_parts:
            part.draw()

    def _draw_parts(self) -> None:
        """Draw only what is stale, where the renderer keeps the rest."""
        renderer, stale = self._renderer, self._stale_parts
        self._stale_parts = []
        if renderer is None or not renderer.can_present_parts:
            self._draw()
            return
        for rect in stale:
            renderer.clip(rect)
            self._draw_with(renderer)
        renderer.clip(None)
        renderer.present_parts(stale)

    def _fit_to(self, width: int, height: int) -> None:
        """Give the window the stream's size, if the monitor has room for it and nobody chose another."""
        bounds = sdl2.SDL_Rect()
        if self._fitted or sdl2.SDL_GetDisplayBounds(sdl2.SDL_GetWindowDisplayIndex(self._window), bounds) != 0:
            return
        self._fitted = True
        current = ctypes.c_int(), ctypes.c_int()
        sdl2.SDL_GetWindowSize(self._window, *current)
        if (current[0].value, current[1].value) == _INITIAL_SIZE:
            scale = min(1.0, bounds.w / width, bounds.h / height)
            sdl2.SDL_SetWindowSize(self._window, round(width * scale), round(height * scale))
            sdl2.SDL_SetWindowPosition(self._window, sdl2.SDL_WINDOWPOS_CENTERED, sdl2.SDL_WINDOWPOS_CENTERED)

    def close(self) -> None:
        """Free everything."""
        for part in self._parts:
            part.closed()
        if self._renderer is not None:
            self._renderer.close()
        sdl2.SDL_DestroyWindow(self._window)
        sdl2.SDL_Quit()
