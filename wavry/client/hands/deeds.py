"""What hands have done, as it goes from the window's thread to the loop: each knows what to tell an `InputSender`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from wavry.rift.input.sender import InputSender


class KeyPressed(NamedTuple):
    """A key went down, or repeats."""

    usage: int
    text: str

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.press_key(self.usage, self.text, now=now)


class KeyReleased(NamedTuple):
    """A key went up."""

    usage: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.release_key(self.usage)


class TextEntered(NamedTuple):
    """Text came without a key of its own."""

    text: str

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.type_text(self.text)


class PointerAt(NamedTuple):
    """The pointer is at a place of the stream."""

    x: int
    y: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.move_to(self.x, self.y, now=now)


class PointerMoved(NamedTuple):
    """The mouse of a locked pointer moved."""

    dx: int
    dy: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.move_by(self.dx, self.dy, now=now)


class ButtonPressed(NamedTuple):
    """A button went down where the pointer is."""

    button: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.press_button(self.button, now=now)


class ButtonReleased(NamedTuple):
    """A button went up where the pointer is."""

    button: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.release_button(self.button, now=now)


class Scrolled(NamedTuple):
    """The wheel turned, by 120ths of a notch."""

    horizontal: int
    vertical: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.scroll(self.horizontal, self.vertical)


class LookedAway(NamedTuple):
    """The window has lost the keyboard, or goes."""

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.release_all()


class PadPlugged(NamedTuple):
    """A pad is there."""

    pad: int
    name: str

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.plug_pad(self.pad, self.name)


class PadUnplugged(NamedTuple):
    """A pad is gone."""

    pad: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.unplug_pad(self.pad)


class PadButtons(NamedTuple):
    """Other buttons of a pad are down."""

    pad: int
    buttons: int

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.press_pad(self.pad, self.buttons)


class PadAxes(NamedTuple):
    """The axes of a pad are elsewhere."""

    pad: int
    axes: tuple[int, ...]

    def tell(self, sender: InputSender, now: float) -> None:
        """Pass it on."""
        sender.move_pad(self.pad, self.axes, now=now)


Deed: TypeAlias = (
    KeyPressed
    | KeyReleased
    | TextEntered
    | PointerAt
    | PointerMoved
    | ButtonPressed
    | ButtonReleased
    | Scrolled
    | LookedAway
    | PadPlugged
    | PadUnplugged
    | PadButtons
    | PadAxes
)


def merged(older: Deed, newer: Deed) -> Deed | None:
    """Return what stands for both of two that follow each other; None where each has to be told."""
    if isinstance(newer, PointerAt) and isinstance(older, PointerAt):
        return newer
    if isinstance(newer, PointerMoved) and isinstance(older, PointerMoved):
        return PointerMoved(older.dx + newer.dx, older.dy + newer.dy)
    if isinstance(newer, PadAxes) and isinstance(older, PadAxes) and older.pad == newer.pad:
        return newer
    return None
