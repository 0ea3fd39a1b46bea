"""Settings of the two ends of sound."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError
from wavry.rift.fec import MAX_REDUNDANCY, MAX_WINDOW_FRAMES, MIN_REDUNDANCY
from wavry.rift.packet import MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES

PACKETS_PER_PARITY = 2
"""Parity is due after each second packet, so that a repair comes 10 ms later at 5 ms a packet."""

_MAX_FRAME_US = 60_000
_MIN_FRAME_US = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSenderConfig:
    """How Opus packets leave."""

    max_datagram_bytes: int = 1170
    """Largest datagram, headers and parity included. Range 512 to 65_535, bytes."""

    max_wait_ms: int = 40
    """A packet that has waited here for so long is dropped: it would come too late to be heard. Range 5 to 1000,
    milliseconds."""

    redundancy: float = 0.5
    """Parity over source packets; 0 sends none. A block of sound is 80 bytes, so half as much again is 64 kbit/s with
    its headers, and it repairs two of four. Range 0.05 to 0.5."""

    window_packets: int = 4
    """Packets under one parity packet. More repair longer bursts, later than a small buffer waits. Even, range 2 to 8,
    packets."""

    first_packet_id: int = 0
    """Where packet ids begin; WIRE.md says 0, tests of the wrap say otherwise. Range 0 to 2**32 - 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        _check("max_datagram_bytes", self.max_datagram_bytes, MIN_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES)
        _check("max_wait_ms", self.max_wait_ms, 5, 1000)
        if self.redundancy != 0:
            _check("redundancy", self.redundancy, MIN_REDUNDANCY, MAX_REDUNDANCY)
        _check("window_packets", self.window_packets, 2, PACKETS_PER_PARITY * MAX_WINDOW_FRAMES)
        if self.window_packets % PACKETS_PER_PARITY:
            raise ConfigError("window_packets", self.window_packets, f"a multiple of {PACKETS_PER_PARITY}")
        _check("first_packet_id", self.first_packet_id, 0, 2**32 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundReceiverConfig:
    """How far sound packets are looked back on."""

    fec_window_packets: int = 32
    """Packets kept as known terms for parity, and the longest hole after which nothing begins anew: 160 ms at 5 ms a
    packet. Range 8 to 200, packets."""

    first_packet_id: int = 0
    """Where packet ids begin; WIRE.md says 0, tests of the wrap say otherwise. Range 0 to 2**32 - 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        _check("fec_window_packets", self.fec_window_packets, 8, 200)
        _check("first_packet_id", self.first_packet_id, 0, 2**32 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPlayoutConfig:
    """How sound is held until it is played."""

    frame_us: int = 5_000
    """Length of one packet's block, and of what one pull plays. Range 2_500 to 60_000, microseconds."""

    min_hold_ms: float = 5.0
    """Smallest hold beyond the quickest packets, on a link without jitter: what a late wake-up of either program
    costs. Range 0 to 100, milliseconds."""

    max_hold_ms: float = 200.0
    """Longest hold for jitter; what comes later than that is concealed. Range 10 to 1000, milliseconds."""

    late_limit_ms: float = 60.0
    """Sound that is so much later than it should be is dropped until it is not; less is made up bit by bit, 20 ms a
    second. Range 10 to 1000, milliseconds."""

    limit_packets: int = 128
    """Most packets that wait, 640 ms at 5 ms a packet; the oldest give way. Range 8 to 1024, packets."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        _check("frame_us", self.frame_us, _MIN_FRAME_US, _MAX_FRAME_US)
        _check("min_hold_ms", self.min_hold_ms, 0, 100)
        _check("max_hold_ms", self.max_hold_ms, 10, 1000)
        _check("late_limit_ms", self.late_limit_ms, 10, 1000)
        _check("limit_packets", self.limit_packets, 8, 1024)


def _check(field: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ConfigError(field, value, f"{lowest} to {highest}")
