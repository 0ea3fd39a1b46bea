"""What we put on the clipboard, for whoever pastes it: TARGETS, the text in several guises, large ones in pieces."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xcffib

from wavry.clipboard.x11_window import NONE, PIECE_BYTES

if TYPE_CHECKING:
    from wavry.clipboard.x11_window import HiddenWindow

MAX_TRANSFERS = 4
"""Texts that are being fetched in pieces at a time; of more, the one that has waited longest is given up."""

TRANSFER_TIMEOUT_S = 10.0
"""Who does not ask for the next piece in this time has gone, or lost interest."""

_MAX_MULTIPLE = 16
"""Pairs that one MULTIPLE may ask for; more are refused."""


@dataclass(slots=True)
class _Transfer:
    """A text that somebody fetches piece by piece."""

    kind: int
    data: bytes
    sent_bytes: int
    deadline: float


class Offer:
    """Owns the clipboard while nobody else does, and answers for it. On the clipboard's thread."""

    def __init__(self, window: HiddenWindow) -> None:
        self._window = window
        self.text: bytes | None = None
        """What is on the clipboard; None while it is somebody else's, as far as we have heard."""
        self.acquired_at = 0
        """When the clipboard became ours, in the server's time."""
        self._transfers: dict[tuple[int, int], _Transfer] = {}
        """By window and property of who fetches, the one that has waited longest first."""
        self.drops = 0
        """Transfers that were given up."""

    @property
    def used_bytes(self) -> int:
        """The texts that are kept here, each once."""
        kept = {id(each.data): len(each.data) for each in tuple(self._transfers.values())}
        if self.text is not None:
            kept[id(self.text)] = len(self.text)
        return sum(kept.values())

    def put(self, text: bytes) -> None:
        """Own the clipboard with this text."""
        self.text = text if self._window.own_clipboard() else None

    def lost(self) -> None:
        """Note that somebody else owns the clipboard. Who fetches the text may go on."""
        if self._window.clipboard_owner() != self._window.id:  # unless we took it back meanwhile
            self.text = None

    # Requests.

    def answer(self, request: Any, *, now: float) -> None:
        """Answer a SelectionRequest."""
        property_atom = request.property or request.target  # who gives none is older than the rule (ICCCM 2.2)
        is_done = (
            self.text is not None
            and request.selection == self._window.atoms.CLIPBOARD
            and request.owner == self._window.id
            and request.requestor != self._window.id
            and self._convert(request.requestor, request.target, property_atom, now)
        )
        self._window.notify(request, property_atom if is_done else NONE)

    def _convert(self, window: int, target: int, name: int, now: float) -> bool:
        """Write what was asked for into a property; return whether there is such a thing."""
        atoms, text = self._window.atoms, self.text
        if text is None:
            return False
        if target == atoms.TARGETS:
            guises = (atoms.UTF8_STRING, atoms.TEXT_PLAIN, atoms.TEXT, atoms.STRING)
            known = (atoms.TARGETS, atoms.TIMESTAMP, atoms.MULTIPLE, *guises)
            self._window.set_numbers(window, name, atoms.ATOM, known)
        elif target == atoms.TIMESTAMP:
            self._window.set_numbers(window, name, atoms.INTEGER, [self.acquired_at])
        elif target == atoms.MULTIPLE:
            return self._convert_several(window, name, now)
        elif target == atoms.STRING:
            self._write(window, name, atoms.STRING, _latin1(text), now)
        elif target in (atoms.UTF8_STRING, atoms.TEXT):
            self._write(window, name, atoms.UTF8_STRING, text, now)
        elif target == atoms.TEXT_PLAIN:
            self._write(window, name, atoms.TEXT_PLAIN, text, now)
        else:
            return False
        return True

    def _convert_several(self, window: int, name: int, now: float) -> bool:
        """Answer MULTIPLE: what is asked for stands in pairs in the property, where what can't be had is struck out."""
        atoms = self._window.atoms
        try:
            asked = self._window.read_property(window, name)
        except xcffib.Error:
            return False  # the window is gone
        count = len(asked.data) // 8
        if asked.type != atoms.ATOM_PAIR or asked.bytes_after or not 0 < count <= _MAX_MULTIPLE:
            return False
        numbers = list(struct.unpack(f"={2 * count}I", asked.data[: 8 * count]))
        for place in range(0, 2 * count, 2):
            target, into = numbers[place], numbers[place + 1]
            if target == atoms.MULTIPLE or into == NONE or not self._convert(window, target, into, now):
                numbers[place + 1] = NONE
        self._window.set_numbers(window, name, atoms.ATOM_PAIR, numbers)
        return True

    # Texts in pieces.

    def _write(self, window: int, name: int, kind: int, data: bytes, now: float) -> None:
        self._transfers.pop((window, name), None)  # it asks anew
        if len(data) <= PIECE_BYTES:
            self._window.set_property(window, name, kind, data)
            return
        if len(self._transfers) >= MAX_TRANSFERS:
            self._give_up(next(iter(self._transfers)))
        self._transfers[window, name] = _Transfer(kind, data, 0, now + TRANSFER_TIMEOUT_S)
        self._window.watch(window, True)
        self._window.set_numbers(window, name, self._window.atoms.INCR, [len(data)])

    def fetched(self, window: int, name: int, *, now: float) -> None:
        """Note that somebody has taken a piece (deleted the property): write the next, an empty one at the end."""
        transfer = self._transfers.pop((window, name), None)
        if transfer is None:
            return
        piece = transfer.data[transfer.sent_bytes : transfer.sent_bytes + PIECE_BYTES]
        self._window.set_property(window, name, transfer.kind, piece)
        if piece:
            transfer.sent_bytes += len(piece)
            transfer.deadline = now + TRANSFER_TIMEOUT_S
            self._transfers[window, name] = transfer
        else:
            self._unwatch(window)

    def gone(self, window: int) -> None:
        """Note that a window is destroyed."""
        for key in [key for key in self._transfers if key[0] == window]:
            del self._transfers[key]

    @property
    def deadline(self) -> float | None:
        """When `give_up_late` is due."""
        return min((each.deadline for each in self._transfers.values()), default=None)

    def give_up_late(self, *, now: float) -> None:
        """Forget those who do not fetch what they asked for."""
        for key in [key for key, each in self._transfers.items() if each.deadline <= now]:
            self._give_up(key)

    def _give_up(self, key: tuple[int, int]) -> None:
        del self._transfers[key]
        self.drops += 1
        self._unwatch(key[0])

    def _unwatch(self, window: int) -> None:
        if not any(key[0] == window for key in self._transfers):
            self._window.watch(window, False)


def _latin1(text: bytes) -> bytes:
    """Return the text in Latin-1, which is what STRING means, with a question mark for what it does not have."""
    return text if text.isascii() else text.decode().encode("latin-1", "replace")
