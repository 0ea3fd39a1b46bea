"""A code on a channel: how many frames fail, and how much later the others are whole."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from erasure.codes import Code
    from network.loss import LossModel

ParityT = TypeVar("ParityT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is sent."""

    frames: int = 20_000
    fps: float = 60.0
    frame_packets: int = 36
    """20 Mbit/s in packets of 1150 bytes."""

    pacing_s: float = 0.008
    """The source packets of a frame leave at even distances within this time; parity needs the same time a packet."""

    deadline_s: float = 0.1
    """After the frame's first packet; what is not whole then has failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Times are those on top of the network's own."""

    frames: int
    failed: int
    """Frames of which a packet was missing at the deadline."""

    hit: int
    """Frames that lost a source packet."""

    overhead: float
    """Parity packets over source packets."""

    clean_delay_ms: float
    """Of frames that lost nothing, the median: later than if they had been sent without parity among them."""

    repaired_delay_ms: tuple[float, float]
    """Of frames that lost something and were repaired, p50 and p99: the same."""

    packet_delay_ms: tuple[float, float]
    """Of lost packets that were repaired, p50 and p99: later than they would have come."""

    @property
    def failed_percent(self) -> float:
        """Of all frames."""
        return 100 * self.failed / self.frames


def run(code: Code[ParityT], channel: LossModel, stream: Stream, *, seed: int | str) -> Outcome:
    """Send a stream over a channel. The clock counts from the first packet; the network takes no time."""
    loses = channel.start(Random(f"{seed} loss"))
    size = stream.frame_packets
    gap_s = stream.pacing_s / size
    sent_at = np.zeros(stream.frames * size)
    known_at = np.full(stream.frames * size, np.inf)
    is_lost = np.zeros(stream.frames * size, bool)
    parity = 0
    for frame in range(stream.frames):
        packets = code.send(frame * size, size)
        parity += len(packets) - size
        began_at = frame / stream.fps
        for place, packet in enumerate(packets):
            now = began_at + place * gap_s
            if isinstance(packet, int):
                sent_at[packet] = now
            if loses():
                if isinstance(packet, int):
                    is_lost[packet] = True
                continue
            for known in code.receive(packet):
                known_at[known] = min(known_at[known], now)
    return _outcome(stream, sent_at, known_at, is_lost, parity)


def _outcome(
    stream: Stream,
    sent_at: np.ndarray[tuple[int], np.dtype[np.float64]],
    known_at: np.ndarray[tuple[int], np.dtype[np.float64]],
    is_lost: np.ndarray[tuple[int], np.dtype[np.bool_]],
    parity: int,
) -> Outcome:
    shape = (stream.frames, stream.frame_packets)
    began_at = np.arange(stream.frames) / stream.fps
    whole_at = known_at.reshape(shape).max(axis=1)
    hit = is_lost.reshape(shape).any(axis=1)
    failed = whole_at > began_at + stream.deadline_s
    unprotected_at = began_at + stream.pacing_s * (1 - 1 / stream.frame_packets)
    late_ms = (whole_at - unprotected_at) * 1000
    repaired = is_lost & (known_at <= sent_at + stream.deadline_s)
    return Outcome(
        frames=stream.frames,
        failed=int(failed.sum()),
        hit=int(hit.sum()),
        overhead=parity / (stream.frames * stream.frame_packets),
        clean_delay_ms=_percentiles(late_ms[~hit])[0],
        repaired_delay_ms=_percentiles(late_ms[hit & ~failed]),
        packet_delay_ms=_percentiles((known_at - sent_at)[repaired] * 1000),
    )


def _percentiles(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """Return p50 and p99, or NaN where there is nothing."""
    if not values.size:
        return float("nan"), float("nan")
    return float(np.percentile(values, 50)), float(np.percentile(values, 99))
