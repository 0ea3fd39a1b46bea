"""Ways to put a picture into an SDL window, and which of them is quickest here.

With a GPU, SDL's accelerated renderer converts and scales for nothing. Without one the same renderer runs on
llvmpipe, which costs 10 ms a picture and can't keep up at 1080p60, while SDL's software renderer needs 1.3 ms at
720p and 2.7 at 1080p. So where both may open they are measured, with pictures of the real size, and the quickest stays.
Until there is a picture to measure with, the software renderer draws: words, which cost nothing.
"""

from __future__ import annotations

import ctypes
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wavry.backends import AUTO
from wavry.client.window.scaling import CENTRE, ScaleMode, placed
from wavry.client.window.sdl import sdl2, sdl_error
from wavry.errors import BackendUnavailableError, ConfigError, NoBackendError
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    import av

__all__ = ["RENDERERS", "Renderer", "View", "open_first_renderer", "open_renderer", "placed", "set_hints"]

_BT709 = 2
"""SDL_YUV_CONVERSION_BT709 of SDL_surface.h, which PySDL2 does not name: limited range, as the stream is."""

_TRIAL_PICTURES = 5
RENDERERS = ("accelerated", "software")
"""In order of preference where they measure alike."""


@dataclass(slots=True)
class View:
    """How the person looks at the picture; it outlives renderers."""

    mode: ScaleMode = ScaleMode.FIT
    pan: tuple[float, float] = CENTRE
    """See `placed`."""


@dataclass(slots=True)
class Renderer:
    """An SDL renderer with a texture of the stream's size. Only for the thread that made its window."""

    name: str
    handle: Any
    view: View = field(default_factory=View)
    refusals: list[BackendUnavailableError] = field(default_factory=list)
    place: Rect | None = None
    """Where the picture was drawn last, in pixels of the window; it may reach beyond it. None before the first one."""

    _texture: Any = None
    _size: Size | None = None
    _is_sharp: bool | None = None
    """How the texture is scaled: sharp squares, or smoothly."""

    def upload(self, frame: av.VideoFrame) -> None:
        """Copy a 4:2:0 picture into the texture; the frame may be freed afterwards.

        Raises:
            BackendUnavailableError: SDL could not make a texture of that size.
        """
        size = Size(frame.width, frame.height)
        if self._texture is None or size != self._size:
            self._make_texture(size)
        arguments: list[Any] = []
        for plane in frame.planes:
            arguments += [ctypes.cast(plane.buffer_ptr, ctypes.POINTER(ctypes.c_ubyte)), plane.line_size]
        sdl2.SDL_UpdateYUVTexture(self._texture, None, *arguments)

    def _make_texture(self, size: Size) -> None:
        if self._texture is not None:
            sdl2.SDL_DestroyTexture(self._texture)
        self._texture = sdl2.SDL_CreateTexture(
            self.handle, sdl2.SDL_PIXELFORMAT_IYUV, sdl2.SDL_TEXTUREACCESS_STREAMING, *size
        )
        if not self._texture:
            raise BackendUnavailableError(self.name, sdl_error())
        self._size, self._is_sharp = size, None

    @property
    def picture_size(self) -> Size | None:
        """Of the picture itself; None before the first one."""
        return self._size

    @property
    def size(self) -> Size:
        """What is drawn into, in pixels."""
        width, height = ctypes.c_int(), ctypes.c_int()
        sdl2.SDL_GetRendererOutputSize(self.handle, width, height)
        return Size(width.value, height.value)

    def draw(self) -> bool:
        """Draw the texture where `view` puts it, black around it; `present` shows it.

        Returns:
            False before the first `upload`: all is black.
        """
        if self._texture is None or self._size is None:
            self._blacken()
            return False
        window = self.size
        place = self.place = placed(self._size, window, self.view.mode, self.view.pan)
        if place.width < window.width or place.height < window.height:
            self._blacken()
        self._scale_sharply(self.view.mode is ScaleMode.INTEGER and place.width >= self._size.width)
        sdl2.SDL_RenderCopy(self.handle, self._texture, None, sdl2.SDL_Rect(*place))
        return True

    def _blacken(self) -> None:
        sdl2.SDL_SetRenderDrawColor(self.handle, 0, 0, 0, 255)
        sdl2.SDL_RenderFillRect(self.handle, None)  # not SDL_RenderClear, which heeds no clip

    def _scale_sharply(self, is_sharp: bool) -> None:
        if is_sharp != self._is_sharp:
            self._is_sharp = is_sharp
            mode = sdl2.SDL_ScaleModeNearest if is_sharp else sdl2.SDL_ScaleModeLinear
            sdl2.SDL_SetTextureScaleMode(self._texture, mode)

    @property
    def can_present_parts(self) -> bool:
        """Whether what was drawn before stays, so that a part can be drawn and shown alone."""
        return self.name == "software"

    def clip(self, part: Rect | None) -> None:
        """Draw only in a part from now on, or everywhere again."""
        sdl2.SDL_RenderSetClipRect(self.handle, None if part is None else sdl2.SDL_Rect(*part))

    def present(self) -> None:
        """Show what was drawn."""
        sdl2.SDL_RenderPresent(self.handle)

    def present_parts(self, parts: Sequence[Rect]) -> None:
        """Show what was drawn in some parts, much cheaper than all; see `can_present_parts`."""
        sdl2.SDL_RenderFlush(self.handle)
        whole = Rect(0, 0, *self.size)
        visible = [sdl2.SDL_Rect(*seen) for part in parts if (seen := part.intersection(whole)) is not None]
        rects = (sdl2.SDL_Rect * len(visible))(*visible)  # SDL's X11 takes a rectangle amiss that begins outside
        if sdl2.SDL_UpdateWindowSurfaceRects(sdl2.SDL_RenderGetWindow(self.handle), rects, len(visible)) != 0:
            self.present()  # the window has just got another surface

    def close(self) -> None:
        """Free texture and renderer. Idempotent."""
        if self._texture is not None:
            sdl2.SDL_DestroyTexture(self._texture)
            self._texture = None
        if self.handle is not None:
            sdl2.SDL_DestroyRenderer(self.handle)
            self.handle = None


def open_first_renderer(window: Any, view: View) -> Renderer:
    """Open what draws until there is a picture; `open_renderer` replaces it.

    Raises:
        BackendUnavailableError: SDL can't.
    """
    return _create(window, "software", view)


def open_renderer(
    window: Any,
    sample: av.VideoFrame,
    *,
    first: Renderer | None = None,
    view: View | None = None,
    wanted: str = AUTO,
) -> Renderer:
    """Open the renderer that shows pictures like `sample` most quickly.

    Args:
        window: The SDL window.
        sample: A 4:2:0 picture of the stream's size.
        first: What draws now. It stays if no other one comes into question, and is closed otherwise.
        view: How the person looks at the picture.
        wanted: `auto`, or one of `RENDERERS`.

    Raises:
        ConfigError: `wanted` is none of them.
        NoBackendError: None works.
    """
    if wanted not in (AUTO, *RENDERERS):
        raise ConfigError("--renderer", wanted, ", ".join((AUTO, *RENDERERS)))
    refusals: list[BackendUnavailableError] = []
    names = list(RENDERERS) if wanted == AUTO else [wanted]
    if wanted == AUTO:
        names = [name for name in names if _has_gpu(name, refusals)]
    if first is not None and names == [first.name]:
        renderer = first
    else:
        if first is not None:
            first.close()
        renderer = _create(window, _quickest(window, names, sample, refusals), view or View())
    renderer.refusals = refusals
    return renderer


def _quickest(window: Any, names: list[str], sample: av.VideoFrame, refusals: list[BackendUnavailableError]) -> str:
    """Return which of these shows the sample most quickly."""
    timings: dict[str, float] = {}
    for name in names:
        try:
            renderer = _create(window, name, View())
            try:
                timings[name] = _measure(renderer, sample)
            finally:
                renderer.close()
        except BackendUnavailableError as refusal:
            refusals.append(refusal)
    if not timings:
        raise NoBackendError("renderer", tuple(refusals))
    return min(timings, key=timings.__getitem__)


def _has_gpu(name: str, refusals: list[BackendUnavailableError]) -> bool:
    """Whether a renderer that wants a GPU may find one."""
    if name == "accelerated" and sys.platform == "linux" and not list(Path("/dev/dri").glob("renderD*")):
        refusals.append(BackendUnavailableError(name, "no GPU: there is no /dev/dri/renderD*"))
        return False
    return True


def _create(window: Any, name: str, view: View) -> Renderer:
    flags = sdl2.SDL_RENDERER_SOFTWARE if name == "software" else sdl2.SDL_RENDERER_ACCELERATED
    handle = sdl2.SDL_CreateRenderer(window, -1, flags)
    if not handle:
        raise BackendUnavailableError(name, sdl_error())
    return Renderer(name, handle, view)


def _measure(renderer: Renderer, sample: av.VideoFrame) -> float:
    """Return the median milliseconds from a decoded picture to a finished one."""
    times: list[float] = []
    pixel = (ctypes.c_ubyte * 4)()
    corner = sdl2.SDL_Rect(0, 0, 1, 1)
    for _ in range(_TRIAL_PICTURES):
        started = time.perf_counter()
        renderer.upload(sample)
        renderer.draw()
        renderer.present()
        # Reading a pixel back makes a GPU finish what it only queued.
        sdl2.SDL_RenderReadPixels(renderer.handle, corner, sdl2.SDL_PIXELFORMAT_ARGB8888, pixel, 4)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[1:])


def set_hints() -> None:
    """Tell SDL, before it starts, what a low-latency viewer needs."""
    for name, value in (
        (sdl2.SDL_HINT_FRAMEBUFFER_ACCELERATION, b"0"),  # the software renderer's surface goes to X by MIT-SHM
        (sdl2.SDL_HINT_RENDER_SCALE_QUALITY, b"1"),
        (sdl2.SDL_HINT_RENDER_VSYNC, b"0"),
        (sdl2.SDL_HINT_VIDEO_ALLOW_SCREENSAVER, b"0"),
        (sdl2.SDL_HINT_NO_SIGNAL_HANDLERS, b"1"),  # the program has its own
    ):
        sdl2.SDL_SetHint(name, value)
    os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "wavry")
    sdl2.SDL_SetYUVConversionMode(_BT709)
