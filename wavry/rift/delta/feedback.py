"""What the controller hears and what it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Delivered: TypeAlias = tuple[float, float, int]
"""`(sent_at, arrived_at, size_bytes)`: when a packet left, seconds on our clock; when it came, seconds on the viewer's
clock, whose offset is unknown and which may drift; its datagram's bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFeedback:
    """What became of the packets of one report.

    Times and counts are the peer's word; nothing follows from nonsense but a lower rate.
    """

    packets: Sequence[Delivered]
    """Those that arrived, in the order in which they were sent."""

    lost_packets: int = 0
    """Those of the same range that did not."""

    unrepaired_packets: int = 0
    """Those, since the last report, whose loss neither parity nor a retransmission mended in time."""

    rtt_s: float | None = None
    """Newest round trip, seconds; None while unknown."""

    is_playout_behind: bool = False
    """Whether the viewer decodes slower than frames come: it needs fewer frames, not fewer bits."""


@dataclass(frozen=True, slots=True)
class RateDecision:
    """What the encoder and the parity may use."""

    target_bitrate_bps: float
    """Of the encoder alone; with its parity, sound and control it makes up the whole budget."""

    target_fps: int
    """Most frames a second: the ceiling, or the 45 or 30 that this bitrate shows well and the viewer keeps up with."""

    redundancy: float
    """Parity bytes over source bytes."""

    window_frames: int
    """How many frames a parity packet covers: 1 on a clean link, more where losses come in bursts."""
