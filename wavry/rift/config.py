"""Settings of the two ends."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError
from wavry.rift.packet import MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderConfig:
    """How access units leave."""

    max_datagram_bytes: int = 1170
    """Largest datagram, RIFT header included. The default is what fits into a 1200-byte QUIC packet, which every path
    takes; larger ones save 2 µs of both ends for each packet less. Range 512 to 65_535, bytes."""

    queue_limit_bytes: int = 512 * 1024
    """Most memory of datagrams waiting to leave, 200 ms at 20 Mbit/s; longer is delay, shorter breaks the chain at each
    hiccup. One unit is always taken when nothing waits, whatever its size. Range 16 kB to 64 MB, bytes."""

    keyframe_holdoff_ms: int = 250
    """For so long after a keyframe was queued, requests that did not know of it are ignored, and further requests
    after one was passed on. Shorter than the round trip sends keyframes twice. Range 0 to 10_000, milliseconds."""

    tail_loss_ms: int = 250
    """When nothing was sent for so long and the viewer's feedback still lacks the last packet, the last frame is taken
    as lost and a keyframe asked for: nobody else can notice when the screen then stands still. Longer than a round
    trip plus one feedback interval. Range 50 to 60_000, milliseconds."""

    stream: int = Stream.VIDEO
    """Whose packets these are. Range 0 to 255."""

    first_packet_id: int = 0
    """Where packet ids begin; WIRE.md says 0, tests of the wrap say otherwise. Range 0 to 2**32 - 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        _check("max_datagram_bytes", self.max_datagram_bytes, MIN_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES)
        _check("queue_limit_bytes", self.queue_limit_bytes, 16 * 1024, 64_000_000)
        _check("keyframe_holdoff_ms", self.keyframe_holdoff_ms, 0, 10_000)
        _check("tail_loss_ms", self.tail_loss_ms, 50, 60_000)
        _check("stream", self.stream, 0, 255)
        _check("first_packet_id", self.first_packet_id, 0, 2**32 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverConfig:
    """How packets become access units again, and how long is waited for those that do not come."""

    window_packets: int = 2048
    """Ids the reorder window spans, more than the 1309 packets of the largest unit. Costs 16 bytes each. Range 16 to
    65_536, packets."""

    window_bytes: int = 2_000_000
    """Most memory of the reorder window, all included. Range 64 kB to 64 MB, bytes."""

    gap_deadline_ms: int = 12
    """How long packets behind a hole wait for it to be filled. Only reordering can fill it, and that is over within a
    few milliseconds; each one more is delay after a loss. Range 0 to 1000, milliseconds."""

    unit_deadline_ms: int = 250
    """How long a unit that was begun may see no packet at all before it is given up: its end was lost and nothing
    followed. Longer than the pauses of a Wi-Fi scan. Range 20 to 10_000, milliseconds."""

    keyframe_request_interval_ms: int = 250
    """Time between two requests while the need lasts. Shorter than the round trip asks for nothing new. Range 10 to
    10_000, milliseconds."""

    stream: int = Stream.VIDEO
    """Whose packets are read; those of others are counted and skipped. Range 0 to 255."""

    first_packet_id: int | None = 0
    """Where packet ids begin, so that a loss or swap at the very start is seen; None takes the first that comes. Who
    joins a running stream may leave the 0. Range 0 to 2**32 - 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        _check("window_packets", self.window_packets, 16, 65_536)
        _check("window_bytes", self.window_bytes, 64_000, 64_000_000)
        _check("gap_deadline_ms", self.gap_deadline_ms, 0, 1000)
        _check("unit_deadline_ms", self.unit_deadline_ms, 20, 10_000)
        _check("keyframe_request_interval_ms", self.keyframe_request_interval_ms, 10, 10_000)
        _check("stream", self.stream, 0, 255)
        if self.first_packet_id is not None:
            _check("first_packet_id", self.first_packet_id, 0, 2**32 - 1)


def _check(field: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise ConfigError(field, value, f"{lowest} to {highest}")
