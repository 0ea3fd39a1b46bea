"""What every way to move a host's hands can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    OnRumble: TypeAlias = Callable[[int, int, int, int], None]
    """Told the pad, the strengths of its low and high motor (0 to 65_535), and for how many ms. Any thread."""


class Injector(Protocol):
    """Presses keys, moves the pointer, types. One thread at a time.

    Every method may raise `InputLostError`; only `close` makes sense afterwards. What is pressed twice is repeated, and
    what is released without having been pressed is ignored. Nothing needs to be flushed.
    """

    name: str
    """`x11`, `uinput` or `pynput`."""

    notes: list[str]
    """What it can't do here. Bounded: a note is kept once."""

    def press_key(self, usage: int, text: str) -> None:
        """Press a key by its place, or type what the person meant by it.

        Args:
            usage: USB HID usage of the keyboard page; unknown ones are ignored.
            text: What the key is to give. If the present layout gives something else, as far as this can be known, the
                text is typed and the key is not down afterwards. Empty: only the key counts.
        """

    def release_key(self, usage: int) -> None:
        """Release a key that `press_key` pressed."""

    def type_text(self, text: str) -> None:
        """Type characters, with whatever keys it takes; those that can't be typed are left out."""

    def move_to(self, x: int, y: int) -> None:
        """Put the pointer on a pixel of the desktop."""

    def move_by(self, dx: int, dy: int) -> None:
        """Move the pointer as a mouse does."""

    def press_button(self, button: int) -> None:
        """Press 1 left, 2 middle, 3 right, 4 back, 5 forward."""

    def release_button(self, button: int) -> None:
        """Release a button."""

    def scroll(self, horizontal: int, vertical: int) -> None:
        """Turn the wheel; 120 is a notch, right and up are positive."""

    def rest(self) -> None:
        """Do what could wait, such as putting back what typing has changed of the layout."""

    def release_everything(self) -> None:
        """Let go of all keys and buttons."""

    def close(self) -> None:
        """Let go of everything and of the system. Idempotent, and raises nothing."""


class PadInjector(Protocol):
    """Game pads of its own making. One thread at a time; raises as `Injector` does."""

    name: str

    def plug(self, pad: int, name: str) -> None:
        """Make a pad; one that is there stays."""

    def unplug(self, pad: int) -> None:
        """Take a pad away."""

    def set_buttons(self, pad: int, buttons: int) -> None:
        """Press and release buttons: bit n is button n of SDL's game controllers."""

    def set_axes(self, pad: int, axes: tuple[int, ...]) -> None:
        """Move sticks (right and down positive) and triggers (from 0): left, right, then the triggers."""

    def close(self) -> None:
        """Take all pads away. Idempotent, and raises nothing."""
