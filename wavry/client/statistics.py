"""The client's figures, for `--stats-json` and the status line."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from wavry.clock import monotonic
from wavry.memory.counts import count_resources
from wavry.memory.metrics import measure_memory
from wavry.observe.histogram import Histogram
from wavry.observe.sampler import new_history
from wavry.rift import ReceiverStats
from wavry.rift.receiver import NO_PICTURE, PictureTimes

if TYPE_CHECKING:
    from array import array

    from wavry.client.clock_sync import ClockSync
    from wavry.client.sound.figures import SoundFigures
    from wavry.decode import Picture, StreamFormat
    from wavry.memory import MemoryBudget, MemoryHistory

_SUMMED = (
    "packets_received",
    "packets_lost",
    "packets_repaired",
    "packets_requested",
    "bytes_received",
    "frames_received",
    "frames_recovered",
    "frames_lost",
)
"""What is added up over all connections of a run."""

_STAGES = ("capture", "encode", "network", "playout", "decode", "show")


class Totals(NamedTuple):
    """What one can take differences of: counts of a run at one moment."""

    pictures_decoded: int
    packets_received: int
    packets_lost: int
    packets_repaired: int
    bytes_received: int
    latencies: dict[str, array[int]]
    """Buckets of each stage's histogram, and of `capture_to_shown`."""


@dataclass(slots=True)
class Network:
    """What arrived over all connections of a run. Written on the loop, read from any thread."""

    keyframe_requests: int = 0
    reconnects: int = 0
    rtt_ms: float | None = None
    reorder_occupancy: float | None = None
    """How full the reorder window is, 0 to 1; None before the first connection."""
    fec_pending_groups: int | None = None
    """Parity packets that wait for others of their window."""
    _connections: tuple[ReceiverStats, ReceiverStats] = field(
        default_factory=lambda: (ReceiverStats(), ReceiverStats())
    )
    """Of those that have ended and of the present one; replaced at once, so that a reader counts nothing twice."""

    def take(self, stats: ReceiverStats, reorder_occupancy: float, fec_pending_groups: int) -> None:
        """Note how the present connection stands."""
        self._connections = self._connections[0], stats
        self.reorder_occupancy, self.fec_pending_groups = reorder_occupancy, fec_pending_groups

    def finish(self) -> None:
        """Add the present connection to those that have ended."""
        ended = ReceiverStats()
        for name in _SUMMED:
            setattr(ended, name, self.total(name))
        self._connections = ended, ReceiverStats()

    def total(self, name: str) -> int:
        """Return one of the counts that are added up."""
        before, now = self._connections
        total: int = getattr(before, name) + getattr(now, name)
        return total

    @property
    def bytes_received(self) -> int:
        """Datagrams, headers included."""
        return self.total("bytes_received")

    @property
    def frames_received(self) -> int:
        """Access units handed to the decoder."""
        return self.total("frames_received")

    @property
    def frames_lost(self) -> int:
        """Access units that never became whole."""
        return self.total("frames_lost")

    @property
    def packets_requested(self) -> int:
        """How often the host was asked to send a packet again."""
        return self.total("packets_requested")

    @property
    def frames_recovered(self) -> int:
        """Access units handed to the decoder in which a packet was repaired."""
        return self.total("frames_recovered")

    @property
    def loss(self) -> float | None:
        """Lost packets over expected ones, before any repair."""
        return self._share_of(0)

    @property
    def loss_after_repair(self) -> float | None:
        """Packets that were neither received nor repaired, over expected ones."""
        return self._share_of(self.total("packets_repaired"))

    def _share_of(self, repaired: int) -> float | None:
        lost = self.total("packets_lost")
        expected = self.total("packets_received") + lost
        return (lost - repaired) / expected if expected else None


@dataclass(slots=True)
class Statistics:
    """Counts and latencies of a run. Pictures come from the decode and window threads, the rest from the loop."""

    clock: ClockSync
    network: Network = field(default_factory=Network)
    memory: MemoryHistory = field(default_factory=new_history)
    sound: SoundFigures | None = None
    """Of a client that wants sound."""

    stream: StreamFormat | None = None
    pictures_decoded: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started_at: float = field(default_factory=monotonic)
    _first_decoded_us: int | None = None
    _last_decoded_us: int | None = None
    _capture_to_decoded: Histogram = field(default_factory=Histogram)
    _capture_to_shown: Histogram = field(default_factory=Histogram)
    _newest: PictureTimes = NO_PICTURE
    """For the host; of a picture that it was not told of."""
    _stages: dict[str, Histogram] = field(default_factory=lambda: {name: Histogram() for name in _STAGES})

    def on_picture(self, picture: Picture) -> None:
        """Count a decoded picture."""
        unit, timings = picture.received.unit, picture.received.unit.timings
        with self._lock:
            self.pictures_decoded += 1
            self._first_decoded_us = self._first_decoded_us or picture.decoded_us
            self._last_decoded_us = picture.decoded_us
            self._add("capture", timings.captured_us)
            self._add("encode", timings.encoded_us - timings.captured_us)
            self._add("playout", picture.received.released_us - picture.received.received_us)
            self._add("decode", picture.decoded_us - picture.received.released_us)
            if self.clock.offset_us is not None:
                captured_us = unit.capture_us - self.clock.offset_us  # on our clock
                network_us = picture.received.received_us - captured_us - timings.encoded_us
                self._add("network", network_us)
                self._capture_to_decoded.add((picture.decoded_us - captured_us) / 1000)
                playout_us = picture.received.released_us - picture.received.received_us
                decode_us = picture.decoded_us - picture.received.released_us
                self._newest = PictureTimes.bounded(network_us, playout_us, decode_us, picture.decoded_us - captured_us)

    def on_shown(self, picture: Picture, shown_us: int) -> None:
        """Count a picture that reached the window."""
        with self._lock:
            self._add("show", shown_us - picture.decoded_us)
            if self.sound is not None:
                self.sound.lipsync.note_picture(picture.received.unit.capture_us, shown_us)
            if self.clock.offset_us is not None:
                captured_us = picture.received.unit.capture_us - self.clock.offset_us
                self._capture_to_shown.add((shown_us - captured_us) / 1000)

    def take_newest(self) -> PictureTimes:
        """Return where the time of the newest picture went, once for each picture."""
        with self._lock:
            newest, self._newest = self._newest, NO_PICTURE
        return newest

    def _add(self, stage: str, microseconds: int) -> None:
        self._stages[stage].add(microseconds / 1000)

    def totals(self) -> Totals:
        """Return the counts of this moment. Any thread."""
        network = self.network
        with self._lock:
            latencies = {name: histogram.counts() for name, histogram in self._stages.items()}
            latencies["capture_to_shown"] = self._capture_to_shown.counts()
            pictures_decoded = self.pictures_decoded
        return Totals(
            pictures_decoded,
            network.total("packets_received"),
            network.total("packets_lost"),
            network.total("packets_repaired"),
            network.bytes_received,
            latencies,
        )

    def line(self) -> str:
        """Return the figures of this moment in one line."""
        with self._lock:
            latency = self._capture_to_decoded.percentile(50)
        loss = self.network.loss
        parts = [
            f"{self.stream.size} {self.stream.codec.value}" if self.stream is not None else "waiting for the stream",
            f"{self.pictures_decoded} pictures",
            "" if latency is None else f"{latency:.1f} ms",
            "" if loss is None else f"loss {loss:.1%}",
        ]
        return " · ".join(part for part in parts if part)

    def report(self, budget: MemoryBudget) -> dict[str, object]:
        """Return the whole of `--stats-json`; what is not known is None."""
        duration_s = monotonic() - self._started_at
        metrics = measure_memory(
            reorder_buffer_occupancy=_rounded(self.network.reorder_occupancy, 4),
            pending_fec_groups=self.network.fec_pending_groups,
        )
        with self._lock:
            return {
                "version": 1,
                "duration_s": round(duration_s, 3),
                "video": self._video(),
                "latency_ms": self._latency(),
                "audio": None if self.sound is None else self.sound.report(),
                "network": self._network(),
                "memory": metrics.as_dict(),
                "budget": [entry.as_dict() for entry in budget.entries()],
                "profile": self.memory.profile().as_dict(),
                "counts": count_resources(),
            }

    def _streamed_s(self) -> float | None:
        if self._first_decoded_us is None or self._last_decoded_us is None:
            return None
        return (self._last_decoded_us - self._first_decoded_us) / 1e6 or None

    def _video(self) -> dict[str, object]:
        streamed_s = self._streamed_s()
        return {
            "codec": self.stream.codec.value if self.stream is not None else None,
            "width": self.stream.size.width if self.stream is not None else None,
            "height": self.stream.size.height if self.stream is not None else None,
            "frames_received": self.network.frames_received,
            "frames_decoded": self.pictures_decoded,
            "frames_lost": self.network.frames_lost,
            "frames_recovered": self.network.frames_recovered,
            "keyframe_requests": self.network.keyframe_requests,
            "fps": round((self.pictures_decoded - 1) / streamed_s, 2) if streamed_s else None,
            "bitrate_bps": round(self.network.bytes_received * 8 / streamed_s) if streamed_s else None,
        }

    def _latency(self) -> dict[str, object]:
        stages = {name: histogram.summary() for name, histogram in self._stages.items() if histogram.count}
        return {
            "capture_to_decoded": self._capture_to_decoded.summary(),
            "capture_to_shown": self._capture_to_shown.summary() if self._capture_to_shown.count else None,
            "stages": stages,
        }

    def _network(self) -> dict[str, object]:
        network = self.network
        return {
            "rtt_ms": _rounded(network.rtt_ms, 3),
            "loss": _rounded(network.loss, 6),
            "loss_after_repair": _rounded(network.loss_after_repair, 6),
            "packets_requested": network.packets_requested,
            "received_bytes": network.bytes_received,
            "reconnects": network.reconnects,
        }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
