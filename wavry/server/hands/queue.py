"""What is to be done, on its way from the loop to the thread that does it."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

from wavry.pipeline import QueueClosed
from wavry.rift.input.events import (
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
    TextTyped,
)

_RELEASES = (KeyReleased, ButtonReleased, PadUnplugged)

MAX_EVENTS = 1024
"""More than the quickest hands do in the quarter of a second that typing may have to wait for programs."""

_EVENT_BYTES = 256
"""Of one event with its place in the queue. An estimate."""
_CHARACTER_BYTES = 4

MAX_CHARACTERS = 2048
"""Twice the longest message. Typing may be as slow as 150 characters a second, and what lets go waits behind it."""


class Deed(NamedTuple):
    """One event, and whose."""

    client: int
    """Small number of the client, for its pads."""

    event: InputEvent


class HandsQueue:
    """First in, first out. `put` is for the loop and never waits, `get` for one thread.

    When it is full nothing is taken but what lets go; who puts things in knows how much of that there can be. The state
    of a pad's buttons then takes the place of an older one. Motion of pointer and sticks is not queued twice in a row:
    the newer takes the place of the older.

    Args:
        max_releases: How many things can be down together.
    """

    name = "hands.queue"
    policy = "nothing more is taken but releases; motion supersedes motion"

    def __init__(self, max_releases: int) -> None:
        self._deeds: deque[Deed] = deque()
        self._characters = 0
        self._max_releases = max_releases
        self._condition = threading.Condition()
        self._closed = False
        self._woken = False
        self._high_water_bytes = 0
        self.drops = 0
        """Events for which there was no room."""

    def put(self, deed: Deed) -> bool:
        """Add an event; return whether there was room, which releases always find."""
        characters = _characters_of(deed)
        with self._condition:
            if self._deeds and (merged := _merged(self._deeds[-1], deed)) is not None:
                self._deeds[-1] = merged
                return True
            is_full = len(self._deeds) >= MAX_EVENTS or self._characters + characters > MAX_CHARACTERS
            if is_full and isinstance(deed.event, PadButtons):
                return self._replace_buttons(deed) or self._append(deed, characters)
            if self._closed or (is_full and not isinstance(deed.event, _RELEASES)):
                self.drops += 1
                return False
            return self._append(deed, characters)

    def _append(self, deed: Deed, characters: int) -> bool:
        self._deeds.append(deed)
        self._characters += characters
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)
        self._condition.notify()
        return True

    def _replace_buttons(self, deed: Deed) -> bool:
        """Put the newest state of a pad's buttons where an older one waits, if one does."""
        for index, (client, event) in enumerate(self._deeds):
            if client == deed.client and isinstance(event, PadButtons) and event.pad == deed.event.pad:  # type: ignore[union-attr] # it is of buttons
                self._deeds[index] = deed
                self.drops += 1
                return True
        return False

    def get(self, timeout: float | None = None) -> Deed | None:
        """Wait for an event and take it.

        Returns:
            None after `timeout` seconds or `wake`.

        Raises:
            QueueClosed: It is closed; what was in it is gone.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._deeds or self._woken or self._closed, timeout)
            if self._closed:
                raise QueueClosed(self.name)
            if not self._deeds:
                self._woken = False
                return None
            deed = self._deeds.popleft()
            self._characters -= _characters_of(deed)
            return deed

    def wake(self) -> None:
        """Make the `get` that waits, or the next one that finds nothing, return None. Any thread."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    def close(self) -> None:
        """Take and give nothing more. Any thread."""
        with self._condition:
            self._closed = True
            self._deeds.clear()
            self._characters = 0
            self._condition.notify()

    def __len__(self) -> int:
        return len(self._deeds)

    @property
    def cap_bytes(self) -> int:
        """Most that waits, with all releases there can be."""
        return (MAX_EVENTS + self._max_releases) * _EVENT_BYTES + MAX_CHARACTERS * _CHARACTER_BYTES

    @property
    def used_bytes(self) -> int:
        """What waits now."""
        return len(self._deeds) * _EVENT_BYTES + self._characters * _CHARACTER_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most that has waited."""
        return self._high_water_bytes


def _characters_of(deed: Deed) -> int:
    event = deed.event
    if isinstance(event, TextTyped | KeyPressed):
        return len(event.text)
    return len(event.name) if isinstance(event, PadPlugged) else 0


def _merged(last: Deed, deed: Deed) -> Deed | None:
    """Return the event that stands for two in a row, if there is one."""
    match last.event, deed.event:
        case PointerMoved(), PointerMoved():
            return deed
        case PointerMovedBy(dx, dy), PointerMovedBy(more_x, more_y):
            return Deed(deed.client, PointerMovedBy(dx + more_x, dy + more_y))
        case PadAxes(pad), PadAxes(newer) if (last.client, pad) == (deed.client, newer):
            return deed
        case PadButtons(pad), PadButtons(newer, 0) if (last.client, pad) == (deed.client, newer):
            return deed
    return None
