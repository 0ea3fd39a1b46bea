"""An injector that writes down what it is asked for, and what is down because of it."""

from __future__ import annotations


class RecordingInjector:
    """An `Injector` and a `PadInjector`.

    Args:
        keeps: Whether `done` is written; what is down is always known.
    """

    name = "recorder"

    def __init__(self, *, keeps: bool = True) -> None:
        self.notes: list[str] = []
        self.done: list[tuple[object, ...]] = []
        self.keys: set[int] = set()
        self.buttons: set[int] = set()
        self.pads: dict[int, int] = {}
        self.is_closed = False
        self.rests = 0
        self._keeps = keeps

    @property
    def is_anything_down(self) -> bool:
        return bool(self.keys or self.buttons or self.pads)

    def _note(self, *what: object) -> None:
        if self._keeps:
            self.done.append(what)

    def press_key(self, usage: int, text: str) -> None:
        self.keys.add(usage)
        self._note("press", usage, text)

    def release_key(self, usage: int) -> None:
        self.keys.discard(usage)
        self._note("release", usage)

    def type_text(self, text: str) -> None:
        self._note("type", text)

    def move_to(self, x: int, y: int) -> None:
        self._note("move", x, y)

    def move_by(self, dx: int, dy: int) -> None:
        self._note("move by", dx, dy)

    def press_button(self, button: int) -> None:
        self.buttons.add(button)
        self._note("button", button)

    def release_button(self, button: int) -> None:
        self.buttons.discard(button)
        self._note("button up", button)

    def scroll(self, horizontal: int, vertical: int) -> None:
        self._note("scroll", horizontal, vertical)

    def rest(self) -> None:
        self.rests += 1

    def release_everything(self) -> None:
        self.keys.clear()
        self.buttons.clear()
        self._note("release everything")

    def plug(self, pad: int, name: str) -> None:
        self.pads[pad] = 0
        self._note("plug", pad, name)

    def unplug(self, pad: int) -> None:
        self.pads.pop(pad, None)
        self._note("unplug", pad)

    def set_buttons(self, pad: int, buttons: int) -> None:
        self._note("pad buttons", pad, buttons)

    def set_axes(self, pad: int, axes: tuple[int, ...]) -> None:
        self._note("pad axes", pad, axes)

    def close(self) -> None:
        self.release_everything()
        self.pads.clear()
        self.is_closed = True
