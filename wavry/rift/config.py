"""Settings of the two ends."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError
from wavry.rift.fec import MAX_REDUNDANCY, MAX_WINDOW_PACKETS, MIN_REDUNDANCY
from wavry.rift.packet import MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderConfig:
    """How access units leave."""

    max_datagram_bytes: int = 1170
    """Largest datagram there may ever be, RIFT header included; the memory of the FEC encoder grows with it. The
    default is what fits into a 1200-byte QUIC packet, which every path takes. Range 512 to 65_535, bytes."""

    least_max_datagram_bytes: int | None = None
    """Least that `Sender.max_datagram_bytes` is ever set to; None for the same as above, so that it never changes.
    Small datagrams are many, and the caps leave room for what each costs. Range 512 to `max_datagram_bytes`, bytes."""

    queue_limit_bytes: int = 512 * 1024
    """Most memory of datagrams waiting to leave, 200 ms at 20 Mbit/s; longer is delay, shorter breaks the chain at each
    hiccup. One unit is always taken when nothing waits, whatever its size. Range 16 kB to 64 MB, bytes."""

    max_wait_ms: int = 400
    """A unit that has waited here for so long is given up with those behind it, and a keyframe is due: the link has
    become too slow for what was encoded. Not a keyframe of which something left within this time. Range 20 to 10_000,
    milliseconds."""

    ceiling_bps: float = 20e6
    """Most that the encoder is given. Range 50 kbit/s to 1 Gbit/s, bit/s."""

    fps: int = 60
    """Most frames a second that the encoder makes. Range 1 to 240."""

    keyframe_holdoff_ms: int = 250
    """For so long after a keyframe was queued, requests that did not know of it are ignored, and further requests
    after one was passed on. Shorter than the round trip sends keyframes twice. Range 0 to 10_000, milliseconds."""

    tail_loss_ms: int = 250
    """When nothing was sent for so long and the viewer's feedback still lacks the last packet, the last frame is taken
    as lost and a keyframe asked for: nobody else can notice when the screen then stands still. Longer than a round
    trip plus one feedback interval. Range 50 to 60_000, milliseconds."""

    redundancy: float | None = None
    """Parity over source packets, 0.05 to 0.5. None follows the losses; 0 sends no parity."""

    history_limit_bytes: int = 768 * 1024
    """Most memory of datagrams kept to be sent again, 300 ms at 20 Mbit/s; longer than the round trip, or
    nothing can be made of what the viewer reports. Range 64 kB to 64 MB, bytes."""

    history_ms: int = 2000
    """Older datagrams are of use to nobody: longer than the second after which an idle client speaks again. Range 0 to
    10_000, milliseconds."""

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
        if self.least_max_datagram_bytes is not None:
            least = self.least_max_datagram_bytes
            _check("least_max_datagram_bytes", least, MIN_DATAGRAM_BYTES, self.max_datagram_bytes)
        _check("queue_limit_bytes", self.queue_limit_bytes, 16 * 1024, 64_000_000)
        _check("max_wait_ms", self.max_wait_ms, 20, 10_000)
        _check("ceiling_bps", self.ceiling_bps, 50e3, 1e9)
        _check("fps", self.fps, 1, 240)
        _check("keyframe_holdoff_ms", self.keyframe_holdoff_ms, 0, 10_000)
        _check("tail_loss_ms", self.tail_loss_ms, 50, 60_000)
        if self.redundancy is not None and self.redundancy != 0:
            _check("redundancy", self.redundancy, MIN_REDUNDANCY, MAX_REDUNDANCY)
        _check("history_limit_bytes", self.history_limit_bytes, 64_000, 64_000_000)
        _check("history_ms", self.history_ms, 0, 10_000)
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
    """How long packets behind a hole wait for it to be filled where only reordering can fill it; that is over within a
    few milliseconds, and each one more is delay after a loss. Range 0 to 1000, milliseconds."""

    parity_deadline_ms: int = 100
    """How long a hole is waited for while parity that covers it may still come: three frames at 30 per second. Range 0
    to 1000, milliseconds."""

    repair_limit_ms: int = 500
    """Longest wait for a packet that was asked for. Where an answer takes longer than that, nothing is asked for, and
    parity alone repairs. Range 0 to 2000, milliseconds."""

    fec_window_packets: int = MAX_WINDOW_PACKETS
    """Packets kept as known terms for parity that covers them, delivered or not. Range 1 to 200, packets."""

    fec_symbol_bytes: int = 1500
    """Largest packet that parity is read for; the memory of the FEC decoder is this times its window. Range 512 to
    65_535, bytes."""

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
        _check("parity_deadline_ms", self.parity_deadline_ms, 0, 1000)
        _check("repair_limit_ms", self.repair_limit_ms, 0, 2000)
        _check("fec_window_packets", self.fec_window_packets, 1, MAX_WINDOW_PACKETS)
        _check("fec_symbol_bytes", self.fec_symbol_bytes, MIN_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES)
        _check("unit_deadline_ms", self.unit_deadline_ms, 20, 10_000)
        _check("keyframe_request_interval_ms", self.keyframe_request_interval_ms, 10, 10_000)
        _check("stream", self.stream, 0, 255)
        if self.first_packet_id is not None:
            _check("first_packet_id", self.first_packet_id, 0, 2**32 - 1)


def _check(field: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ConfigError(field, value, f"{lowest} to {highest}")
