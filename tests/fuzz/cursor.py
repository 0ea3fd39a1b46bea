"""The host's pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.media import CursorImage
from wavry.media.cursor import HIDDEN
from wavry.rift import CONTROL, MessageDecoder, encode_message
from wavry.rift.cursor.datagrams import MAX_SHARE, CursorPlace, CursorState
from wavry.rift.cursor.messages import MAX_SIDE, CursorShape
from wavry.rift.cursor.receiver import CursorReceiver
from wavry.rift.packet import PROTOCOL_MAJOR

if TYPE_CHECKING:
    from random import Random


class CursorTarget:
    """The cursor's shapes and places: each input is taken as what its first byte says, and unpacked."""

    cap_bytes = 4 * MAX_SIDE * MAX_SIDE

    def __init__(self, dice: Random) -> None:
        shapes = [
            CursorImage(width, height, width // 2, height - 1, dice.randbytes(8) * (width * height // 2))
            for width, height in ((2, 1), (24, 24), (96, 64), (256, 256))
        ]
        places = [CursorPlace(True, 0, MAX_SHARE), CursorPlace(False, dice.getrandbits(16), 7, warps=255)]
        self.seeds = [encode_message(CursorShape.of(shape)) for shape in (*shapes, HIDDEN, None)]
        self.seeds += [CursorState(dice.getrandbits(32), place).to_bytes() for place in places]
        self._receiver = CursorReceiver()

    def feed(self, data: bytes) -> None:
        """Receive it."""
        if data[:1] == bytes([PROTOCOL_MAJOR]):
            self._receiver.receive_datagram(data)
            return
        for message in MessageDecoder(CONTROL).receive(data):
            if isinstance(message, CursorShape):
                image = message.image()
                assert image is None or len(image.pixels) == 4 * image.width * image.height
