"""SDL 2, imported once and quietly."""

from __future__ import annotations

import os
import warnings

from wavry.errors import BackendUnavailableError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pysdl2-dll announces which SDL it brought
    import sdl2

__all__ = ["sdl2", "sdl_error", "start_video"]


def sdl_error() -> str:
    """Return what SDL says of its last failure."""
    return sdl2.SDL_GetError().decode(errors="replace") or "no reason given"


_BLIND_DRIVERS = frozenset({"dummy", "offscreen", "evdev"})
"""Video drivers that SDL falls back to where there is no screen; nobody sees their windows."""


def start_video() -> None:
    """Start SDL's video, for a screen that somebody sees (or for what SDL_VIDEODRIVER says).

    Raises:
        BackendUnavailableError: There is none; SDL is stopped again.
    """
    if sdl2.SDL_Init(sdl2.SDL_INIT_VIDEO) != 0:
        reason = sdl_error()
    else:
        driver = sdl2.SDL_GetCurrentVideoDriver().decode()
        sdl2.SDL_StopTextInput()  # it is on from the start; who wants text of keys asks for it
        if driver not in _BLIND_DRIVERS or os.environ.get("SDL_VIDEODRIVER"):
            return
        reason = "there is no screen (DISPLAY and WAYLAND_DISPLAY are not set)"
    sdl2.SDL_Quit()
    raise BackendUnavailableError("window", reason)
