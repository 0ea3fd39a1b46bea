"""The host's figures: one look at everything, and with a page a day of them and the log of what happened.

A look costs 1 to 3 ms and keeps nothing. What has to be kept for a page (durations, samples, events) exists from
`open` on; without a page there is a counter here and there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from wavry import __version__
from wavry.clock import monotonic
from wavry.errors import ErrorCode
from wavry.memory.counts import count_few, count_resources
from wavry.memory.metrics import measure_memory, shared_use
from wavry.observe.logs import printable
from wavry.server.figures.traffic import Counts, Rates, RecentCounts

if TYPE_CHECKING:
    from wavry.encode.stage import EncodeStage
    from wavry.memory import FrameBufferPool, Holder, MemoryBudget, MemoryHistory, Registration
    from wavry.memory.metrics import SharedUse
    from wavry.observe.events import EventLog
    from wavry.observe.history import SampleHistory
    from wavry.server.broadcast import Broadcast
    from wavry.server.capture_stage import CaptureStage
    from wavry.server.figures.stages import StageLatencies
    from wavry.server.figures.traffic import Link
    from wavry.server.viewer import ViewerSession

audit = logging.getLogger("wavry.audit")
logger = logging.getLogger(__name__)

SAMPLE_INTERVAL_S = 1.0
SHARED_FOR_S = 2.0
"""PSS and USS are looked at no more often."""

_FINGERPRINT_DIGITS = 16
_MAX_NAME = 64


class Figures:
    """Knows all parts of a host and asks them. On the loop.

    Args:
        budget: What may hold bytes.
        memory: The process's memory over its life.
        capture: The capture stage.
        encode: The encode stage.
        broadcast: The viewers.
    """

    def __init__(
        self,
        budget: MemoryBudget,
        memory: MemoryHistory,
        capture: CaptureStage,
        encode: EncodeStage,
        broadcast: Broadcast,
    ) -> None:
        self.budget = budget
        self.broadcast = broadcast
        self.capture = capture
        self.encode = encode
        self.started_at = monotonic()
        self.began_s = time.time()
        """Unix time of the start."""
        self._memory = memory
        self._sent = RecentCounts()
        self._encoded = RecentCounts()
        self._registrations: list[Registration] = []
        self._history: SampleHistory | None = None
        self._events: EventLog | None = None
        self._shared: tuple[float, SharedUse | None] | None = None
        """When that was looked at, and what it was."""

    # What is kept for a page.

    def open(self) -> None:
        """Begin to keep durations, samples and events: 0.9 MB at most, half of it at once.

        Before the memory limit is checked; `run` must follow, which takes the samples and ends it.
        """
        from wavry.observe.events import EventLog
        from wavry.observe.history import SampleHistory
        from wavry.server.figures.sampling import COLUMNS
        from wavry.server.figures.stages import StageLatencies

        self._history = SampleHistory(COLUMNS)
        self._events = EventLog()
        self._events.attach(logging.getLogger("wavry"))
        stages = self.broadcast.traffic.stages = StageLatencies()
        holders: dict[str, Holder] = {
            "history": self._history,
            "events": self._events,
            "latencies": stages,
            "traffic": self.broadcast.traffic,
        }
        self._registrations = [
            self.budget.register(f"observe.{name}", holder, policy=holder.policy) for name, holder in holders.items()
        ]

    def close(self) -> None:
        """Keep nothing any more. Doing it twice is harmless."""
        self.broadcast.traffic.stages = None
        if self._events is not None:
            self._events.close()
        for registration in self._registrations:
            registration.close()
        self._registrations.clear()

    async def run(self) -> None:
        """Take a sample each second until cancelled, 0.6 ms of a host with four viewers; then close.

        One that fails is left out, and the first of them is told of: figures are no reason to end a stream.
        """
        from wavry.server.figures.sampling import Sampler

        sampler = Sampler(self)
        due_at, failures = monotonic(), 0
        try:
            while True:
                try:
                    sampler.sample(now=monotonic())
                except Exception:
                    failures += 1
                    if failures == 1:
                        logger.exception("a sample for the dashboard failed")
                # After a pause of the machine none is made up for.
                due_at = max(due_at + SAMPLE_INTERVAL_S, monotonic())
                await asyncio.sleep(due_at - monotonic())
        finally:
            self.close()

    @property
    def history(self) -> SampleHistory:
        """The samples of the last day, once opened."""
        assert self._history is not None  # whoever asks has opened it
        return self._history

    @property
    def events(self) -> EventLog:
        """What happened lately, once opened."""
        assert self._events is not None  # whoever asks has opened it
        return self._events

    def sample(self, *, now: float) -> None:
        """Remember how the counts stand, so that rates are known; once a second."""
        for link in self.broadcast.traffic.links:
            link.sample(now=now)
        self._sent.sample(self.broadcast.traffic.counts(), now=now)
        self._encoded.sample(self._made(), now=now)

    # What is known now.

    @property
    def stages(self) -> StageLatencies | None:
        """Latencies by stage; None of a host without a page."""
        return self.broadcast.traffic.stages

    def shared_use(self) -> SharedUse | None:
        """Return PSS and USS as they were lately: to look takes 2 ms."""
        now = monotonic()
        if self._shared is None or now - self._shared[0] >= SHARED_FOR_S:
            self._shared = (now, shared_use())
        return self._shared[1]

    def report(self) -> dict[str, object]:
        """Return what `--memory-report` holds. It walks all objects: 10 to 30 ms."""
        self._shared = None
        return self._process(count_resources())

    def now(self, *, with_objects: bool = False) -> dict[str, object]:
        """Return all that is known at this moment, in types of JSON. 1 ms, and each two seconds 3.

        Args:
            with_objects: Count objects by type, as `report` does, which takes as long.
        """
        now = monotonic()
        return self._process(count_resources() if with_objects else count_few()) | {
            "wall_s": round(time.time(), 3),
            "program": __version__,
            "pools": [_pool(name, pool) for name, pool in self.pools().items()],
            "stream": self._stream(now),
            "totals": self.totals()._asdict()
            | {"encoded_bytes": self.broadcast.traffic.unit_bytes, "sessions_started": self.broadcast.traffic.sessions},
            "latency_ms": self.latencies(now=now),
            "sent": _rates(self.rates(now=now)),
            "sessions": [_session(viewer, viewer.link, now) for viewer in self.viewers()],
        }

    def _process(self, counts: dict[str, object]) -> dict[str, object]:
        pool = self.capture.source.pool.memory_usage()
        buffers = pool.in_use_buffers + pool.available_buffers
        metrics = measure_memory(
            buffer_pool_utilization=pool.in_use_buffers / buffers if buffers else None,
            reorder_buffer_occupancy=self.reorder_occupancy,
            pending_fec_groups=self.fec_pending_groups,
            quic_send_buffer_bytes=self.broadcast.send_buffer_bytes,
            shared=self.shared_use(),
        )
        return {
            "version": 1,
            "duration_s": round(monotonic() - self.started_at, 3),
            "frames_captured": self.capture.captured,
            "frames_encoded": self.encode.encoded,
            "buffer_reuse_rate": round(self.capture.source.pool.reuse_rate, 6),
            "memory": metrics.as_dict(),
            "budget": [entry.as_dict() for entry in self.budget.entries()],
            "profile": self._memory.profile().as_dict(),
            "counts": counts | {"buffers": buffers},
        }

    def _made(self) -> Counts:
        """Return what the encoder has made."""
        return Counts(frames_sent=self.encode.encoded, bytes_sent=self.broadcast.traffic.unit_bytes)

    def made_rates(self, *, now: float) -> Rates:
        """Return frames and bits per second of the encoder's output."""
        return self._encoded.rates(self._made(), now=now)

    def rates(self, *, now: float) -> Rates:
        """Return the rates and losses of all viewers together."""
        return self._sent.rates(self.totals(), now=now)

    def totals(self) -> Counts:
        """Return what all viewers were sent, those included that have left."""
        return self.broadcast.traffic.counts()

    def viewers(self) -> list[ViewerSession]:
        """Return who watches, the first to come first."""
        return [viewer for viewer in self.broadcast.viewers if viewer.link is not None]

    def pools(self) -> dict[str, FrameBufferPool]:
        """Return the pools by their names in the budget."""
        return {"capture.pool": self.capture.source.pool, "encode.picture": self.encode.pool}

    def latencies(self, *, now: float) -> dict[str, dict[str, float] | None]:
        """Return p50 and p95 of the last seconds by stage, milliseconds."""
        from wavry.server.figures.stages import STAGES

        stages = self.stages
        return {stage: None if stages is None else stages.recent(stage, now=now) for stage in STAGES}

    @property
    def reorder_occupancy(self) -> float | None:
        """How full the fullest viewer's reorder window was in the last seconds, 0 to 1; None where nobody says."""
        said = [link.reorder_occupancy for link in self.broadcast.traffic.links]
        return max((each for each in said if each is not None), default=None)

    @property
    def fec_pending_groups(self) -> int | None:
        """Parity that waits at all viewers together; None where nobody says."""
        said = [link.fec_pending_groups for link in self.broadcast.traffic.links]
        known = [each for each in said if each is not None]
        return sum(known) if known else None

    def _stream(self, now: float) -> dict[str, object] | None:
        stream = self.broadcast.stream
        if stream is None:
            return None
        target_bps, target_fps = self.broadcast.target
        rates = self.made_rates(now=now)
        return {
            "codec": stream.config.codec.value,
            "encoder": stream.encoder_name,
            "width": stream.config.size.width,
            "height": stream.config.size.height,
            "fps": _rounded(rates.frames_per_s, 2),
            "target_fps": target_fps,
            "bitrate_bps": _whole(rates.bitrate_bps),
            "target_bitrate_bps": target_bps,
        }

    # What may be done.

    def disconnect(self, session_id: int) -> bool:
        """Send a viewer away; say whether there was one of that number. It may come again."""
        for viewer in self.viewers():
            if viewer.link is not None and viewer.link.number == session_id:
                audit.info("%s was sent away from the host's page", viewer.name)
                viewer.close(ErrorCode.REFUSED, "the host has ended this session")
                return True
        return False


def _pool(name: str, pool: FrameBufferPool) -> dict[str, object]:
    usage = pool.memory_usage()
    return {
        "name": name,
        "in_use": usage.in_use_buffers,
        "available": usage.available_buffers,
        "most": pool.max_size,
        "total_bytes": usage.total_bytes,
        "reuse_ratio": round(pool.reuse_rate, 6),
        "refusals": pool.drops,
    }


def _session(viewer: ViewerSession, link: Link | None, now: float) -> dict[str, object]:
    assert link is not None  # of whoever watches
    decision = viewer.rate_decision
    client = viewer.client
    return {
        "id": link.number,
        "name": printable(viewer.hello.name if client is None else client.name, _MAX_NAME),
        "peer": viewer.connection.peer,
        "door": viewer.connection.door,
        "fingerprint": None if client is None else client.fingerprint[:_FINGERPRINT_DIGITS],
        "rights": sorted(viewer.rights.granted),
        "connected_s": round(now - link.joined_at, 1),
        "rtt_ms": _rounded(viewer.connection.rtt_ms, 2),
        "target_bitrate_bps": None if decision is None else round(decision.target_bitrate_bps),
        "reorder_occupancy": _rounded(link.reorder_occupancy, 3),
        "fec_pending_groups": link.fec_pending_groups,
        "send_buffer_bytes": viewer.send_buffer_bytes,
        "is_stalled": viewer.sender.is_stalled,
    } | _rates(link.rates(now=now))


def _rates(rates: Rates) -> dict[str, object]:
    return {
        "frames_per_s": _rounded(rates.frames_per_s, 2),
        "bitrate_bps": _whole(rates.bitrate_bps),
        "loss": _rounded(rates.loss, 6),
        "loss_after_repair": _rounded(rates.loss_after_repair, 6),
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
