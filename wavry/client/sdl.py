"""SDL 2, imported once and quietly."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pysdl2-dll announces which SDL it brought
    import sdl2

__all__ = ["sdl2", "sdl_error"]


def sdl_error() -> str:
    """Return what SDL says of its last failure."""
    return sdl2.SDL_GetError().decode(errors="replace") or "no reason given"
