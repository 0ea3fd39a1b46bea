"""What a client's hands did, as its host is to do it: in this order."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class KeyPressed(NamedTuple):
    """A key went down, or is repeated."""

    usage: int
    text: str
    """What the person's layout makes of it; empty where only the key counts."""


class KeyReleased(NamedTuple):
    """A key went up."""

    usage: int


class TextTyped(NamedTuple):
    """Text is to be typed with whatever keys it takes."""

    text: str


class PointerMoved(NamedTuple):
    """The pointer is at a place of the stream, shares of 0 to 65_535."""

    x: int
    y: int


class PointerMovedBy(NamedTuple):
    """The locked pointer went on, in counts of the mouse, right and down."""

    dx: int
    dy: int


class ButtonPressed(NamedTuple):
    """A button of the pointer went down: 1 left, 2 middle, 3 right, 4 back, 5 forward."""

    button: int


class ButtonReleased(NamedTuple):
    """A button of the pointer went up."""

    button: int


class Scrolled(NamedTuple):
    """The wheel turned; 120 is a notch, right and up are positive."""

    horizontal: int
    vertical: int


class PadPlugged(NamedTuple):
    """A game pad is there."""

    pad: int
    name: str


class PadUnplugged(NamedTuple):
    """A game pad is gone."""

    pad: int


class PadButtons(NamedTuple):
    """The buttons of a pad, bit n for button n of SDL's game controllers."""

    pad: int
    buttons: int


class PadAxes(NamedTuple):
    """The axes of a pad."""

    pad: int
    axes: tuple[int, ...]
    """Left stick right and down, right stick right and down, left and right trigger; 16 bits and signed."""


InputEvent: TypeAlias = (
    KeyPressed
    | KeyReleased
    | TextTyped
    | PointerMoved
    | PointerMovedBy
    | ButtonPressed
    | ButtonReleased
    | Scrolled
    | PadPlugged
    | PadUnplugged
    | PadButtons
    | PadAxes
)
