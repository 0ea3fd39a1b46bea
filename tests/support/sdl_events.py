"""SDL events of a person's hands, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from wavry.client.window.sdl import sdl2

if TYPE_CHECKING:
    from collections.abc import Iterator


def key_event(kind: int, scancode: int, sym: int, mod: int = 0, *, repeat: bool = False) -> Any:
    event = sdl2.SDL_Event()
    event.type = kind
    event.key.type = kind
    event.key.keysym.scancode, event.key.keysym.sym, event.key.keysym.mod = scancode, sym, mod
    event.key.repeat = repeat
    return event


def key_down(scancode: int, sym: int, mod: int = 0, *, repeat: bool = False) -> Any:
    return key_event(sdl2.SDL_KEYDOWN, scancode, sym, mod, repeat=repeat)


def key_up(scancode: int, sym: int = 0) -> Any:
    return key_event(sdl2.SDL_KEYUP, scancode, sym)


def text_event(text: str) -> Any:
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_TEXTINPUT
    event.text.text = text.encode()
    return event


def motion(x: int, y: int, dx: int = 0, dy: int = 0) -> Any:
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_MOUSEMOTION
    event.motion.x, event.motion.y, event.motion.xrel, event.motion.yrel = x, y, dx, dy
    return event


def button_event(button: int, is_down: bool, x: int = 0, y: int = 0) -> Any:
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_MOUSEBUTTONDOWN if is_down else sdl2.SDL_MOUSEBUTTONUP
    event.button.button, event.button.state = button, sdl2.SDL_PRESSED if is_down else sdl2.SDL_RELEASED
    event.button.x, event.button.y = x, y
    return event


def wheel(x: float, y: float, *, is_flipped: bool = False) -> Any:
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_MOUSEWHEEL
    event.wheel.preciseX, event.wheel.preciseY, event.wheel.x, event.wheel.y = x, y, int(x), int(y)
    event.wheel.direction = sdl2.SDL_MOUSEWHEEL_FLIPPED if is_flipped else sdl2.SDL_MOUSEWHEEL_NORMAL
    return event


@pytest.fixture
def sdl_queue() -> Iterator[None]:
    """SDL's queue of events, without a window."""
    assert sdl2.SDL_InitSubSystem(sdl2.SDL_INIT_EVENTS) == 0
    sdl2.SDL_FlushEvents(sdl2.SDL_FIRSTEVENT, sdl2.SDL_LASTEVENT)
    yield
    sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_EVENTS)
