"""The client's end of the cursor's datagrams: only what is newer than the last counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.cursor.datagrams import CursorState
from wavry.rift.sequence import serial_distance

if TYPE_CHECKING:
    from wavry.rift.cursor.datagrams import CursorPlace


class CursorReceiver:
    """Knows which state was the last. Sans-IO."""

    def __init__(self) -> None:
        self._sequence: int | None = None

    def receive_datagram(self, datagram: bytes) -> CursorPlace | None:
        """Return where the pointer is, or None for a state that was repeated or overtaken.

        Raises:
            RemoteProtocolError: It is malformed.
        """
        state = CursorState.from_bytes(datagram)
        if self._sequence is not None and serial_distance(state.sequence, self._sequence) <= 0:
            return None
        self._sequence = state.sequence
        return state.place
