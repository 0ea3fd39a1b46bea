"""Sound: Opus packets in an id space of their own, so that a hole in the picture never delays them.

         Opus packets                    peer's datagrams                     sound card
              │                                 │                                  │
   SoundSender.send_packet(now)   SoundReceiver.receive_datagram          SoundPlayout.pull(now)
              │                                 │
   SoundSender.datagrams_to_send(now)     SoundPlayout.add(packet, now)

Each datagram is one Opus packet, or parity over the last four of them: small and alone, so that what is lost is short.
WIRE.md section 5 has the bytes. Like all of `wavry.rift` it has no clock: `now` is monotonic seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.lazy import on_demand
from wavry.rift.sound.config import SoundPlayoutConfig, SoundReceiverConfig, SoundSenderConfig
from wavry.rift.sound.packet import MAX_OPUS_BYTES, SOUND_HEADER_BYTES, SoundFlag, SoundPacket

if TYPE_CHECKING:
    from wavry.rift.sound.playout import Pull, PullKind, SoundPlayout
    from wavry.rift.sound.receiver import SoundReceiver, SoundStats
    from wavry.rift.sound.sender import SoundSender

__all__ = [
    "MAX_OPUS_BYTES",
    "SOUND_HEADER_BYTES",
    "Pull",
    "PullKind",
    "SoundFlag",
    "SoundPacket",
    "SoundPlayout",
    "SoundPlayoutConfig",
    "SoundReceiver",
    "SoundReceiverConfig",
    "SoundSender",
    "SoundSenderConfig",
    "SoundStats",
]

__getattr__ = on_demand(
    globals(),
    {
        "Pull": "playout",
        "PullKind": "playout",
        "SoundPlayout": "playout",
        "SoundReceiver": "receiver",
        "SoundSender": "sender",
        "SoundStats": "receiver",
    },
)
"""What only one of the two ends needs."""
