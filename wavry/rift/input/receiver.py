"""One client's hands, as the host knows them: what is down, where the pointer was last, and what is to be done now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.input.allowance import Allowance
from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.events import (
    ButtonPressed,
    ButtonReleased,
    InputEvent,
    KeyPressed,
    KeyReleased,
    PadAxes,
    PadButtons,
    PadPlugged,
    PadUnplugged,
    PointerMoved,
    PointerMovedBy,
    Scrolled,
    TextTyped,
)
from wavry.rift.input.messages import MAX_HELD, MAX_PADS, Button, Held, Key, Pad, ReleaseAll, Scroll, Text
from wavry.rift.packet import Stream
from wavry.rift.sequence import serial_distance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wavry.rift.framing import Message

HELD_TIMEOUT_S = 2.0
"""With nothing heard of what is held for so long, all of it is let go."""

_NOTCH = 120
_MAX_STEP = 32_767
"""Counts that one state may move a locked pointer by; what X takes, and more than a hand does in a second."""

_ENTRY_BYTES = 128
"""Of one thing that is down, or one pad: a number and its place in a set or a dictionary. An estimate."""

_NO_AXES = (0,) * 6


class InputReceiver:
    """Turns what one client sends into what is to be done, and never leaves anything down.

    Each call returns events in order, a few per thing that is down at the most. Nothing is queued here.
    """

    policy = "further keys are not taken; what is sent too quickly is dropped"

    def __init__(self) -> None:
        self._keys: set[int] = set()
        self._buttons: set[int] = set()
        self._heard_at = 0.0
        """When it was last said what is held, or when the first of it went down."""
        self._allowance = Allowance()
        self._refused_held = 0
        self._newest: int | None = None
        """Sequence of the newest pointer state that is known of."""
        self._counts = (0, 0)
        """Counts of the mouse that the pointer has followed."""
        self._pads: dict[int, int] = {}
        """Buttons of the pads that are there."""
        self._newest_of_pads: dict[int, int] = {}
        self._most_held = 0

    @property
    def is_anything_held(self) -> bool:
        """Whether a key or a button is down."""
        return bool(self._keys or self._buttons)

    # What comes.

    def receive_message(self, message: Message, *, now: float) -> list[InputEvent]:
        """Take a message of the input stream; one of another kind has no effect."""
        match message:
            case Key():
                return self._take_key(message, now)
            case Text(text=text):
                granted = text[: self._allowance.take(len(text), now=now)]
                return [TextTyped(granted)] if granted else []
            case Button():
                return self._take_button(message, now)
            case Scroll():
                return self._take_scroll(message, now)
            case Held(keys=keys, buttons=buttons):
                self._heard_at = now
                return self._let_go(self._keys.difference(keys), self._buttons.difference(buttons))
            case ReleaseAll():
                return self.let_go_keys() + self.let_go_pointer() + self._calm_pads()
            case Pad():
                return self._take_pad(message, now)
        return []

    def receive_datagram(self, data: bytes) -> list[InputEvent]:
        """Take a state of the pointer or a pad; one that is not newer than what is known has no effect.

        Raises:
            RemoteProtocolError: It is malformed; nothing has changed.
        """
        if len(data) > 1 and data[1] == Stream.PADS:
            return self._take_pad_state(PadState.from_bytes(data))
        return self._take_pointer_state(PointerState.from_bytes(data))

    # Keys.

    def _take_key(self, key: Key, now: float) -> list[InputEvent]:
        if not key.is_down:
            return self._let_go(self._keys.intersection((key.usage,)), ())
        if key.usage not in self._keys and not self._has_room():
            return []
        if not self._allowance.take(1, now=now):
            return []
        self._note_held(now)
        self._keys.add(key.usage)
        return [KeyPressed(key.usage, key.text)]

    def _has_room(self) -> bool:
        has_room = len(self._keys) + len(self._buttons) < MAX_HELD
        self._refused_held += not has_room
        return has_room

    def _note_held(self, now: float) -> None:
        """Begin to wait for word of what is held; call before the first goes down."""
        if not self.is_anything_held:
            self._heard_at = now
        self._most_held = max(self._most_held, len(self._keys) + len(self._buttons) + 1)

    # The pointer.

    def _take_pointer_state(self, state: PointerState) -> list[InputEvent]:
        if not self._is_news(state.sequence):
            return []
        before, self._counts = self._counts, (state.dx, state.dy)
        if not state.is_relative:
            return [PointerMoved(state.x, state.y)]
        dx, dy = (_limited(serial_distance(*pair)) for pair in zip(self._counts, before, strict=True))
        return [PointerMovedBy(dx, dy)] if dx or dy else []

    def _is_news(self, sequence: int) -> bool:
        """Whether a state is newer than all that is known; it is the newest then."""
        if self._newest is not None and serial_distance(sequence, self._newest) <= 0:
            return False
        self._newest = sequence
        return True

    def _take_button(self, button: Button, now: float) -> list[InputEvent]:
        number = button.button
        is_held = number in self._buttons
        if button.is_down:
            if is_held or not self._has_room() or not self._allowance.take(1, now=now):
                return []
        elif not is_held:
            return []
        self._is_news(button.sequence)  # states before it must not pull the pointer back
        events: list[InputEvent] = []
        if button.x is not None and button.y is not None:
            events.append(PointerMoved(button.x, button.y))
        if button.is_down:
            self._note_held(now)
            self._buttons.add(number)
            return [*events, ButtonPressed(number)]
        return events + self._let_go((), (number,))

    def _take_scroll(self, scroll: Scroll, now: float) -> list[InputEvent]:
        amounts = scroll.horizontal, scroll.vertical
        if not any(amounts):
            return []
        notches = sum(-(-abs(amount) // _NOTCH) for amount in amounts)
        if self._allowance.take(notches, now=now) < notches:
            return []
        return [Scrolled(*amounts)]

    # Pads.

    def _take_pad(self, pad: Pad, now: float) -> list[InputEvent]:
        number, known = pad.pad, self._pads.get(pad.pad)
        if not pad.is_there:
            return [] if known is None else self._unplug((number,))
        events: list[InputEvent] = []
        if known is None:
            if not self._allowance.take(1, now=now):
                return []
            events, known = [PadPlugged(number, pad.name)], 0
        buttons = pad.buttons
        if buttons & ~known and not self._allowance.take(1, now=now):
            buttons &= known  # what goes up always does
        self._pads[number] = buttons
        if buttons != known:
            events.append(PadButtons(number, buttons))
        return events

    def _take_pad_state(self, state: PadState) -> list[InputEvent]:
        newest = self._newest_of_pads.get(state.pad)
        if state.pad not in self._pads or (newest is not None and serial_distance(state.sequence, newest) <= 0):
            return []
        self._newest_of_pads[state.pad] = state.sequence
        return [PadAxes(state.pad, tuple(state[2:]))]

    def _calm_pads(self) -> list[InputEvent]:
        """Let go of the buttons and sticks of all pads."""
        events: list[InputEvent] = []
        for number in self._pads:
            self._pads[number] = 0
            events += [PadButtons(number, 0), PadAxes(number, _NO_AXES)]
        return events

    def _unplug(self, pads: Iterable[int]) -> list[InputEvent]:
        gone = [number for number in pads if self._pads.pop(number, None) is not None]
        return [PadUnplugged(number) for number in gone]

    # Letting go.

    def _let_go(self, keys: Iterable[int], buttons: Iterable[int]) -> list[InputEvent]:
        """Release what is down of these; the newest usage is not known, so in the order of their numbers.

        Modifiers have the highest usages and go up last: Ctrl before C would make a C.
        """
        gone, clicked = sorted(keys), sorted(buttons)
        self._keys.difference_update(gone)
        self._buttons.difference_update(clicked)
        return [*map(ButtonReleased, clicked), *map(KeyReleased, gone)]

    def let_go_keys(self) -> list[InputEvent]:
        """Release all keys."""
        return self._let_go(tuple(self._keys), ())

    def let_go_pointer(self) -> list[InputEvent]:
        """Release all buttons of the pointer."""
        return self._let_go((), tuple(self._buttons))

    def unplug_pads(self) -> list[InputEvent]:
        """Take all pads away."""
        return self._unplug(tuple(self._pads))

    def end(self) -> list[InputEvent]:
        """Let go of everything: the client has gone."""
        return self.let_go_keys() + self.let_go_pointer() + self.unplug_pads()

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due, if nothing comes before."""
        return self._heard_at + HELD_TIMEOUT_S if self.is_anything_held else None

    def handle_timer(self, *, now: float) -> list[InputEvent]:
        """Let go of what is down if nothing was heard of it for too long."""
        due = self.next_timer()
        return self.let_go_keys() + self.let_go_pointer() if due is not None and now >= due else []

    # For the budget.

    @property
    def cap_bytes(self) -> int:
        """Most that may be down, and all pads."""
        return (MAX_HELD + 2 * MAX_PADS) * _ENTRY_BYTES

    @property
    def used_bytes(self) -> int:
        """What is down, and the pads that are there."""
        held = len(self._keys) + len(self._buttons)
        return (held + len(self._pads) + len(self._newest_of_pads)) * _ENTRY_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most that was down, and all pads."""
        return max(self._most_held * _ENTRY_BYTES, self.used_bytes)

    @property
    def drops(self) -> int:
        """Events and characters that were not taken."""
        return self._allowance.refused + self._refused_held


def _limited(count: int) -> int:
    return max(-_MAX_STEP, min(count, _MAX_STEP))
