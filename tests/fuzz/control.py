"""The control stream, once a client is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.media import Codec
from wavry.rift import CONTROL, Bye, Hello, MessageDecoder, Ping, Receiver, SoundConfig, StreamConfig, encode_message
from wavry.rift.receiver import PictureTimes

if TYPE_CHECKING:
    from random import Random


class ControlTarget:
    """The control stream, begun anew for each input."""

    cap_bytes = 0

    def __init__(self, dice: Random) -> None:
        messages = (
            Hello(name="fuzz", codecs=("h264", "hevc")),
            StreamConfig(
                epoch=1, codec=Codec.H264, width=1920, height=1080, fps=60, bitrate_bps=dice.randint(1, 10**9)
            ),
            SoundConfig(epoch=dice.randint(0, 255), channels=6, available=False, reason="no card"),
            Receiver().make_feedback(0.0, picture=PictureTimes.bounded(1000, 0, 4000, dice.randint(0, 10**6))),
            Ping(ping_id=1, sent_us=2),
            Bye(code=1, reason="done"),
        )
        self.seeds = [encode_message(message) for message in messages]

    def feed(self, data: bytes) -> None:
        """Receive it."""
        MessageDecoder(CONTROL).receive(data)
