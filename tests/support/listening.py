"""A client that only listens: it says that it wants sound and keeps what comes."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING

from wavry.opus import OpusConfig, OpusDecoder
from wavry.rift import CONTROL, Hello, MessageDecoder, SoundConfig, encode_message
from wavry.rift.packet import Stream
from wavry.rift.sound import SoundPacket
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.errors import ConnectionLostError
    from wavry.transport import Connection


class SoundListener:
    """A `ConnectionObserver` on a client's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._control = MessageDecoder(CONTROL)
        self.packets: list[SoundPacket] = []
        self.configs: list[SoundConfig] = []
        self.bytes = 0
        """Of sound and its parity."""
        self.pictures = 0
        """Datagrams that bring some of the picture."""
        connection.observe(self)
        connection.send_stream(Channel.CONTROL, encode_message(Hello(name="listener", codecs=("h264",), sound=True)))
        connection.flush()

    def datagrams_received(self, datagrams: Sequence[bytes], *, now: float) -> None:
        for data in datagrams:
            if data[1] in (Stream.SOUND, Stream.SOUND_PARITY):
                self.bytes += len(data)
            if data[1] == Stream.SOUND:
                self.packets.append(SoundPacket.from_bytes(data))
            self.pictures += data[1] == Stream.VIDEO

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        for message in self._control.receive(data):
            if isinstance(message, SoundConfig):
                self.configs.append(message)

    def writable(self, *, now: float) -> None: ...
    def connection_lost(self, error: ConnectionLostError) -> None: ...

    def decoded(self) -> array.array[int]:
        """Return the samples of all packets of the last epoch."""
        config = self.configs[-1]
        coding = OpusConfig(channels=config.channels, frame_us=config.frame_us)
        decoder, buffer, samples = OpusDecoder(coding), bytearray(coding.frame_bytes), array.array("h")
        for packet in self.packets:
            if packet.epoch == config.epoch:
                decoder.decode(packet.opus, buffer)
                samples.frombytes(buffer)
        decoder.close()
        return samples
