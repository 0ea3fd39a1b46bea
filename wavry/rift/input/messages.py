"""What is said on the input stream; WIRE.md section 8 is the definition.

Every field has bounds, which decoding enforces.

Keys are USB HID usages of the keyboard page (HID Usage Tables 1.5, section 10): a place on the keyboard, whatever
stands on it. The character that the person's own layout gives for it travels beside, so that a host with another layout
can type what was meant.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from wavry.rift.framing import Message

MAX_TEXT_CHARACTERS = 1024
"""Of one message; longer text goes in several."""

MAX_HELD = 64
"""Keys and buttons that one client can hold down."""

MAX_PADS = 4

Usage: TypeAlias = Annotated[int, Meta(ge=4, le=0xE7)]
"""Of the keyboard page: 4 is A, 0xE7 is right GUI."""

ButtonNumber: TypeAlias = Annotated[int, Meta(ge=1, le=5)]
"""1 left, 2 middle, 3 right, 4 back, 5 forward."""

Place: TypeAlias = Annotated[int, Meta(ge=0, le=0xFFFF)]
"""Share of the stream's width or height: 0 is the middle of its first pixel, 65_535 the middle of its last."""

PadNumber: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_PADS - 1)]


class Key(Message, frozen=True, kw_only=True):
    """Client to host: a key goes down or up. A press of a key that is down repeats it."""

    kind: ClassVar[str] = "key"

    usage: Usage
    is_down: bool
    text: Annotated[str, Meta(max_length=8)] = ""
    """Of a press: what the person's layout makes of it, if anything. The host presses the key if its own layout gives
    the same, and types the text otherwise. Empty while the keyboard is that of a game, or with Ctrl, Alt or GUI."""


class Text(Message, frozen=True, kw_only=True):
    """Client to host: type this, whatever keys it takes; from an input method, or from a key without a usage."""

    kind: ClassVar[str] = "text"

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARACTERS)]


class Button(Message, frozen=True, kw_only=True):
    """Client to host: a button of the pointer goes down or up, at a place."""

    kind: ClassVar[str] = "button"

    button: ButtonNumber
    is_down: bool
    sequence: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    """Of the newest `PointerState` before it; older ones that come later have no effect."""

    x: Place | None = None
    y: Place | None = None
    """Where; None while the pointer is locked: there where it is."""


class Scroll(Message, frozen=True, kw_only=True):
    """Client to host: the wheel turned."""

    kind: ClassVar[str] = "scroll"

    horizontal: Annotated[int, Meta(ge=-12_000, le=12_000)] = 0
    vertical: Annotated[int, Meta(ge=-12_000, le=12_000)] = 0
    """120 is one notch; positive is right, and up, away from the person."""


class Held(Message, frozen=True, kw_only=True):
    """Client to host, twice a second while anything is held: what is down.

    The host lets go of everything else, and, when none of these came for 2 s, of all.
    """

    kind: ClassVar[str] = "held"

    keys: Annotated[tuple[Usage, ...], Meta(max_length=MAX_HELD)] = ()
    buttons: Annotated[tuple[ButtonNumber, ...], Meta(max_length=5)] = ()


class ReleaseAll(Message, frozen=True, kw_only=True):
    """Client to host: the person looks elsewhere; let go of every key and button."""

    kind: ClassVar[str] = "release_all"


class Pad(Message, frozen=True, kw_only=True):
    """Client to host: a game pad is there, or is gone; its buttons as SDL numbers them (SDL_GameControllerButton)."""

    kind: ClassVar[str] = "pad"

    pad: PadNumber
    is_there: bool
    name: Annotated[str, Meta(max_length=64)] = ""
    buttons: Annotated[int, Meta(ge=0, le=2**24 - 1)] = 0
    """Bit n: button n is down. Said again at every change."""


class Rumble(Message, frozen=True, kw_only=True):
    """Host to client: shake a pad."""

    kind: ClassVar[str] = "rumble"

    pad: PadNumber
    low: Annotated[int, Meta(ge=0, le=0xFFFF)]
    high: Annotated[int, Meta(ge=0, le=0xFFFF)]
    """Strength of the motors for low and for high frequencies; both 0: stop."""

    duration_ms: Annotated[int, Meta(ge=0, le=10_000)]


TO_HOST: tuple[type[Message], ...] = (Key, Text, Button, Scroll, Held, ReleaseAll, Pad)
TO_CLIENT: tuple[type[Message], ...] = (Rumble,)
