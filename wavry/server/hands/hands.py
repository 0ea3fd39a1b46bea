"""All clients' hands together: a key is down on this machine while any of them holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wavry.memory import HolderGroup
from wavry.rift.input.events import (
    ButtonPressed,
    ButtonReleased,
    InputEvent,
    KeyPressed,
    KeyReleased,
    PadPlugged,
    PadUnplugged,
    TextTyped,
)
from wavry.rift.input.messages import MAX_HELD, MAX_PADS
from wavry.rift.input.receiver import InputReceiver
from wavry.server.hands.queue import Deed, HandsQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_PIECE = 32
"""Characters that are typed in one go. It may take a quarter of a second, and a host that stops waits for its end."""


class Client(Protocol):
    """One client's end of it."""

    receiver: InputReceiver

    def rumble(self, pad: int, low: int, high: int, duration_ms: int) -> None:
        """Tell it to shake a pad."""


class Hands:
    """Hands what clients do to the thread, and knows who holds what. On the loop.

    Args:
        max_clients: Most who have hands here at once.
        on_wanted: Told when the first comes and the last one goes.
    """

    def __init__(self, max_clients: int, on_wanted: Callable[[bool], None]) -> None:
        self.queue = HandsQueue(max_clients * (MAX_HELD + 2 * MAX_PADS))
        receiver = InputReceiver()
        self.receivers = HolderGroup(max_clients, receiver.cap_bytes, receiver.policy)
        """What is known of all clients, for the budget."""
        self._on_wanted = on_wanted
        self._clients: dict[int, Client] = {}
        self._keys: dict[int, set[int]] = {}
        """Clients that hold a key down, by its usage; as many as the receivers hold at the most."""
        self._buttons: dict[int, set[int]] = {}
        self._pads: set[tuple[int, int]] = set()
        """Client and number of the pads that were taken."""

    def join(self, joining: Client) -> int:
        """Add a client; return its number, the smallest that is free."""
        client = next(number for number in range(len(self._clients) + 1) if number not in self._clients)
        self._clients[client] = joining
        self.receivers.add(joining.receiver)
        if len(self._clients) == 1:
            self._on_wanted(True)
        return client

    def leave(self, client: int, leaving: Client) -> None:
        """Take a client away; it has let go of everything."""
        if self._clients.pop(client, None) is not None:
            self.receivers.remove(leaving.receiver)
            if not self._clients:
                self._on_wanted(False)

    def do(self, client: int, events: Iterable[InputEvent]) -> None:
        """Have events done, in order; what finds no room is left out, and what lets go always finds some."""
        for event in events:
            match event:
                case KeyPressed(usage=usage):
                    self._press(self._keys, usage, client, event)
                case ButtonPressed(button=button):
                    self._press(self._buttons, button, client, event)
                case KeyReleased(usage=usage):
                    self._release(self._keys, usage, client, event)
                case ButtonReleased(button=button):
                    self._release(self._buttons, button, client, event)
                case PadPlugged(pad=pad):
                    if self.queue.put(Deed(client, event)):
                        self._pads.add((client, pad))
                case PadUnplugged(pad=pad):
                    if (client, pad) in self._pads:
                        self._pads.discard((client, pad))
                        self.queue.put(Deed(client, event))
                case TextTyped(text=text):
                    for at in range(0, len(text), _PIECE):
                        self.queue.put(Deed(client, TextTyped(text[at : at + _PIECE])))
                case _:
                    self.queue.put(Deed(client, event))

    def _press(self, held: dict[int, set[int]], number: int, client: int, event: InputEvent) -> None:
        if self.queue.put(Deed(client, event)):
            held.setdefault(number, set()).add(client)

    def _release(self, held: dict[int, set[int]], number: int, client: int, event: InputEvent) -> None:
        """Release what no other client holds; a press that found no room needs no release."""
        clients = held.get(number, set())
        if client in clients:
            clients.discard(client)
            if not clients:
                del held[number]
                self.queue.put(Deed(client, event))

    def rumble(self, client: int, pad: int, low: int, high: int, duration_ms: int) -> None:
        """Pass on to a client, if it is still there, what a program wants its pad to do."""
        there = self._clients.get(client)
        if there is not None:
            there.rumble(pad, low, high, duration_ms)
