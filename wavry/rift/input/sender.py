"""What a client's person holds and points at, as what is to be sent of it.

Whoever owns an `InputSender` tells it what the hands do, then takes `messages` and `datagrams_to_send`, and calls
`handle_timer` when `next_timer` says so. It holds what is down, the newest state of pointer and pads, and messages
until they are taken.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.messages import (
    MAX_HELD,
    MAX_PADS,
    MAX_TEXT_CHARACTERS,
    Button,
    Held,
    Key,
    Pad,
    ReleaseAll,
    Scroll,
    Text,
)
from wavry.rift.input.repetition import Repetition
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wavry.rift.framing import Message

HELD_INTERVAL_S = 0.5
"""Between two `Held` while something is down."""

_MAX_SCROLL = 12_000
_MAX_NAME = 64
_MESSAGE_BYTES = 400
"""Of a message in memory, its few fields included; text is counted beside."""

_MAX_MESSAGES = 256
_MAX_WAITING_CHARACTERS = 16 * MAX_TEXT_CHARACTERS


class _PadSender:
    """One pad that is plugged in."""

    __slots__ = ("axes", "buttons", "name", "repetition", "sequence")

    def __init__(self, name: str) -> None:
        self.name = name
        self.buttons = 0
        self.axes: tuple[int, ...] = (0, 0, 0, 0, 0, 0)
        self.sequence = 0
        self.repetition = Repetition()


class InputSender:
    """One session's input at the client. One owner; `now` is monotonic seconds.

    Nothing of it fails: what the wire has no room for (a 65th key, a fifth pad) is left out, with what belongs to it.
    """

    policy = "what waits is dropped, and everything let go"
    cap_bytes = _MAX_MESSAGES * _MESSAGE_BYTES + 4 * _MAX_WAITING_CHARACTERS

    def __init__(self) -> None:
        self.high_water_bytes = 0
        self.drops = 0
        """Messages that were not taken in time."""
        self._messages: deque[Message] = deque()
        self._message_bytes = 0
        self._keys: dict[int, None] = {}
        """What is down, in the order of its presses."""
        self._buttons: dict[int, None] = {}
        self._held_at = 0.0
        """When what is down was last told."""
        self._sequence = 0
        self._pad_sequence = 0
        self._place: tuple[int, int] | None = None
        self._is_relative = False
        self._totals = (0, 0)
        self._pointer = Repetition()
        self._pads: dict[int, _PadSender] = {}

    @property
    def used_bytes(self) -> int:
        """What waits to be taken."""
        return self._message_bytes

    @property
    def is_holding(self) -> bool:
        """Whether a key or a button is down."""
        return bool(self._keys or self._buttons)

    # Keys.

    def press_key(self, usage: int, text: str = "", *, now: float) -> None:
        """Say that a key goes down, or repeats; with what the person's layout makes of it."""
        if usage not in self._keys:
            if len(self._keys) >= MAX_HELD:
                return
            self._hold(self._keys, usage, now)
        self._say(Key(usage=usage, is_down=True, text=text))

    def release_key(self, usage: int) -> None:
        """Say that a key goes up; one whose press was not said has nothing to say."""
        if usage in self._keys:
            del self._keys[usage]
            self._say(Key(usage=usage, is_down=False))

    def type_text(self, text: str) -> None:
        """Have text typed, whatever keys it takes."""
        for start in range(0, len(text), MAX_TEXT_CHARACTERS):
            self._say(Text(text=text[start : start + MAX_TEXT_CHARACTERS]))

    # Pointer.

    def move_to(self, x: int, y: int, *, now: float) -> None:
        """Point at a place of the stream, in shares of 65_535."""
        if self._is_relative or (x, y) != self._place:
            self._is_relative = False
            self._place = x, y
            self._pointer.change(now)

    def move_by(self, dx: int, dy: int, *, now: float) -> None:
        """Move a locked pointer by counts of the mouse."""
        self._is_relative = True
        self._totals = self._totals[0] + dx, self._totals[1] + dy
        self._pointer.change(now)

    def press_button(self, button: int, *, now: float) -> None:
        """Say that a button goes down where the pointer is."""
        self._hold(self._buttons, button, now)
        self._say(self._button(button, is_down=True, now=now))

    def release_button(self, button: int, *, now: float) -> None:
        """Say that it goes up; one whose press was not said has nothing to say."""
        if button in self._buttons:
            del self._buttons[button]
            self._say(self._button(button, is_down=False, now=now))

    def _button(self, button: int, *, is_down: bool, now: float) -> Button:
        """Return a message that carries the newest place, whether or not it was sent: so it need not be sent again.

        Where the pointer is locked there is no place to carry. What is under way of its motion has to come under a new
        number, since older states have no effect any more.
        """
        if self._is_relative:
            if self._pointer.due_at is not None:
                self._pointer.change(now)
            return Button(button=button, is_down=is_down, sequence=self._sequence)
        self._pointer.stop()
        x, y = self._place or (None, None)
        return Button(button=button, is_down=is_down, sequence=self._sequence, x=x, y=y)

    def scroll(self, horizontal: int, vertical: int) -> None:
        """Say that the wheel turned, by 120ths of a notch, right and up, where the pointer is."""
        if horizontal or vertical:
            self._pointer.hasten()
            self._say(Scroll(horizontal=_within(horizontal, _MAX_SCROLL), vertical=_within(vertical, _MAX_SCROLL)))

    # Pads.

    def plug_pad(self, pad: int, name: str) -> None:
        """Say that a pad is there."""
        if 0 <= pad < MAX_PADS:
            self._pads[pad] = _PadSender(name[:_MAX_NAME])
            self._say_pad(pad)

    def unplug_pad(self, pad: int) -> None:
        """Say that it is gone."""
        if self._pads.pop(pad, None) is not None:
            self._say(Pad(pad=pad, is_there=False))

    def press_pad(self, pad: int, buttons: int) -> None:
        """Say which buttons of a pad are down."""
        known = self._pads.get(pad)
        if known is not None and buttons != known.buttons:
            known.buttons = buttons
            self._say_pad(pad)

    def move_pad(self, pad: int, axes: Sequence[int], *, now: float) -> None:
        """Take where all six axes of a pad are (`PadState`)."""
        known = self._pads.get(pad)
        if known is not None and tuple(axes) != known.axes:
            known.axes = tuple(axes)
            known.repetition.change(now)

    def _say_pad(self, pad: int) -> None:
        known = self._pads[pad]
        self._say(Pad(pad=pad, is_there=True, name=known.name, buttons=known.buttons))

    # Letting go.

    def release_all(self) -> None:
        """Let go of every key and button, if one is down."""
        if self.is_holding:
            self._keys.clear()
            self._buttons.clear()
            self._say(ReleaseAll())

    def repeat_pads(self) -> None:
        """Say again which pads there are, to a host that did not want to know before."""
        for pad in self._pads:
            self._say_pad(pad)

    # What is to be sent.

    def messages(self) -> list[Message]:
        """Take what is to be said, in order."""
        taken = list(self._messages)
        self._messages.clear()
        self._message_bytes = 0
        return taken

    def datagrams_to_send(self, *, now: float) -> list[bytes]:
        """Take the states that are due, one datagram each."""
        datagrams = list(self._due_pads(now))
        if self._pointer.is_due(now):
            if self._pointer.is_changed:
                self._sequence = (self._sequence + 1) & SERIAL_MASK
            self._pointer.sent(now)
            datagrams.append(
                PointerState(self._sequence, self._is_relative, *(self._place or (0, 0)), *self._totals).to_bytes()
            )
        return datagrams

    def _due_pads(self, now: float) -> Iterator[bytes]:
        for number, pad in self._pads.items():
            if pad.repetition.is_due(now):
                if pad.repetition.is_changed:
                    self._pad_sequence = pad.sequence = (self._pad_sequence + 1) & SERIAL_MASK
                pad.repetition.sent(now)
                yield PadState(pad.sequence, number, *pad.axes).to_bytes()

    def next_timer(self) -> float | None:
        """When `handle_timer` is due; None while nothing is."""
        times = [pad.repetition.due_at for pad in self._pads.values()]
        times.append(self._pointer.due_at)
        if self.is_holding:
            times.append(self._held_at + HELD_INTERVAL_S)
        return min((each for each in times if each is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Say what is down, where that is due; states that are due come with `datagrams_to_send`."""
        if self.is_holding and now >= self._held_at + HELD_INTERVAL_S - 1e-6:
            self._held_at = now
            self._say(Held(keys=tuple(self._keys), buttons=tuple(self._buttons)))

    # Inside.

    def _hold(self, kind: dict[int, None], number: int, now: float) -> None:
        if not self.is_holding:
            self._held_at = now
        kind[number] = None

    def _say(self, message: Message) -> None:
        """Queue a message. Where they are not taken, everything is let go instead."""
        size_bytes = _size_bytes(message)
        if self._message_bytes + size_bytes > self.cap_bytes:
            self.drops += len(self._messages) + 1
            self._messages.clear()
            self._keys.clear()
            self._buttons.clear()
            message = ReleaseAll()
            self._message_bytes, size_bytes = 0, _size_bytes(message)
        self._messages.append(message)
        self._message_bytes += size_bytes
        self.high_water_bytes = max(self.high_water_bytes, self._message_bytes)


def _size_bytes(message: Message) -> int:
    return _MESSAGE_BYTES + (4 * len(message.text) if isinstance(message, Key | Text) else 0)


def _within(value: int, bound: int) -> int:
    return max(-bound, min(bound, value))
