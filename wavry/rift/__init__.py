"""RIFT, the protocol, without a socket, a clock, a thread or an event loop. `WIRE.md` is the truth about its bytes.

         access units                  peer's datagrams            clock
              │                               │                      │
   Sender.send_access_unit(now)   Receiver.receive_datagram(now)   Receiver.handle_timer(now)
              │                               │                      │
   Sender.datagrams_to_send(now)   Receiver.events()              Receiver.next_timer()

A `Sender` cuts access units into packets and keeps them in a bounded queue; a `Receiver` puts packets in order, joins
them and delivers what can be decoded. What they have to tell each other (keyframe requests, feedback) are control
messages: `encode_message` and `MessageDecoder` are for the streams that carry them. Whoever owns a core object
calls it, then drains its outputs; `now` is monotonic seconds. Bytes of a peer raise `RemoteProtocolError` and nothing
else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.lazy import on_demand
from wavry.rift.config import ReceiverConfig, SenderConfig
from wavry.rift.events import (
    AccessUnitReceived,
    FrameLost,
    KeyframeNeeded,
    KeyframeRequested,
    ReceiverEvent,
    SenderEvent,
    UnitsDropped,
)
from wavry.rift.framing import MAX_MESSAGE_BYTES, Message, MessageDecoder, MessageKinds, encode_message
from wavry.rift.messages import (
    CONTROL,
    MAX_MONITORS,
    Bye,
    ChooseMonitor,
    Denied,
    Feedback,
    Hello,
    KeyframeRequest,
    MonitorInfo,
    MonitorList,
    Ping,
    Pong,
    RightsGranted,
    SoundConfig,
    SourceState,
    StreamConfig,
    check_version,
)
from wavry.rift.packet import MAX_UNIT_BYTES, PROTOCOL_MAJOR, PROTOCOL_MINOR, Packet, PacketFlag, Stream
from wavry.rift.packetizer import Packetizer
from wavry.rift.rights import Right

if TYPE_CHECKING:
    from wavry.rift.assembler import FrameAssembler, LossReason
    from wavry.rift.playout import Playout
    from wavry.rift.receiver import Receiver, ReceiverStats
    from wavry.rift.reorder import InsertResult, ReorderBuffer
    from wavry.rift.sender import Sender

__all__ = [
    "CONTROL",
    "MAX_MESSAGE_BYTES",
    "MAX_MONITORS",
    "MAX_UNIT_BYTES",
    "PROTOCOL_MAJOR",
    "PROTOCOL_MINOR",
    "AccessUnitReceived",
    "Bye",
    "ChooseMonitor",
    "Denied",
    "Feedback",
    "FrameAssembler",
    "FrameLost",
    "Hello",
    "InsertResult",
    "KeyframeNeeded",
    "KeyframeRequest",
    "KeyframeRequested",
    "LossReason",
    "Message",
    "MessageDecoder",
    "MessageKinds",
    "MonitorInfo",
    "MonitorList",
    "Packet",
    "PacketFlag",
    "Packetizer",
    "Ping",
    "Playout",
    "Pong",
    "Receiver",
    "ReceiverConfig",
    "ReceiverEvent",
    "ReceiverStats",
    "ReorderBuffer",
    "Right",
    "RightsGranted",
    "Sender",
    "SenderConfig",
    "SenderEvent",
    "SoundConfig",
    "SourceState",
    "Stream",
    "StreamConfig",
    "UnitsDropped",
    "assembler",
    "check_version",
    "encode_message",
    "playout",
    "receiver",
    "reorder",
    "sender",
]

__getattr__ = on_demand(
    globals(),
    {
        "FrameAssembler": "assembler",
        "InsertResult": "reorder",
        "LossReason": "assembler",
        "Playout": "playout",
        "Receiver": "receiver",
        "ReceiverStats": "receiver",
        "ReorderBuffer": "reorder",
        "Sender": "sender",
    },
)
"""What only one of the two ends needs: a host without the receiver is 0.4 MB smaller, and so is a client without the
sender."""
