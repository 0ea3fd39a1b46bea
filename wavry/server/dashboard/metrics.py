"""A host's figures as Prometheus reads them. `docs/metrics.md` lists it.

Nothing is counted here: each scrape asks the host anew, so that a counter can't drift from what it counts. Counters
hold over sessions that end. Label values are names out of this program, never a text of a peer.

Import it with the first scrape: `prometheus_client` costs 2.1 MB in a host, 1.0 MB beside aiohttp, most of it
`http.server`, `wsgiref` and `email`, which it imports to serve metrics by itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)

from wavry import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from wavry.memory import BudgetEntry
    from wavry.server.figures import Figures
    from wavry.server.figures.stages import StageLatencies

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Of what `render` returns."""

BUCKETS_MS = (0.5, 1, 2, 4, 6, 8, 12, 16, 24, 33, 50, 75, 100, 150, 250, 500, 1000, 2500)
"""Bounds of the latency histograms: two a frame at 60 Hz, and what it takes to see an outage."""


def render(figures: Figures) -> bytes:
    """Return all metrics of this moment in Prometheus' text format; 4 ms and 10 kB."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HostCollector(figures))
    return generate_latest(registry)


class _Gauge(NamedTuple):
    """A metric without labels."""

    name: str
    help: str
    value: Any
    """A number, or None for what is not known, which is left out."""


class HostCollector:
    """What `prometheus_client` asks for a host's metrics. On the loop.

    Args:
        figures: Of the host.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        now: dict[str, Any] = self._figures.now()
        yield InfoMetricFamily("wavry_build", "This program.", {"version": __version__, "python": _python()})
        yield from _gauges(_memory(now["memory"]) + _process(now, self._figures))
        yield from _budget(self._figures.budget.entries())
        yield from _pools(now["pools"])
        yield from _gauges(
            _network(now["memory"]) + _stream(now["stream"], now["sent"]) + _sessions(now, self._figures)
        )
        yield from _counters(now)
        if self._figures.stages is not None:
            yield _latencies(self._figures.stages)


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _gauges(gauges: list[_Gauge]) -> Iterator[Metric]:
    for gauge in gauges:
        if gauge.value is not None:
            yield GaugeMetricFamily(f"wavry_{gauge.name}", gauge.help, float(gauge.value))


def _memory(memory: dict[str, Any]) -> list[_Gauge]:
    def in_bytes(field: str) -> float | None:
        return None if memory[field] is None else memory[field] * 1e6

    return [
        _Gauge("memory_rss_bytes", "Resident memory of the host.", in_bytes("rss_mb")),
        _Gauge("memory_vms_bytes", "Virtual memory of the host.", in_bytes("vms_mb")),
        _Gauge("memory_pss_bytes", "Resident memory, shared pages divided among their users.", in_bytes("pss_mb")),
        _Gauge("memory_uss_bytes", "Resident memory that nobody else has.", in_bytes("uss_mb")),
        _Gauge("memory_heap_bytes", "In use in the C library's heap.", memory["heap_bytes"]),
        _Gauge("memory_blocks", "Live blocks of Python's allocator.", memory["allocation_count"]),
    ]


def _process(now: dict[str, Any], figures: Figures) -> list[_Gauge]:
    counts, profile = now["counts"], now["profile"]
    peak_bytes = profile["peak_rss_mb"] * 1e6
    return [
        _Gauge("start_time_seconds", "Unix time at which the host began.", figures.began_s),
        _Gauge("memory_peak_rss_bytes", "Highest sample of resident memory.", peak_bytes),
        _Gauge("threads", "Threads of the host.", counts["threads"]),
        _Gauge("descriptors", "Open file descriptors of the host.", counts["descriptors"]),
        _Gauge("tasks", "Tasks of the event loop.", counts["tasks"]),
    ]


def _network(memory: dict[str, Any]) -> list[_Gauge]:
    return [
        _Gauge(
            "reorder_occupancy_ratio",
            "How full the fullest viewer's reorder window was in the last seconds.",
            memory["reorder_buffer_occupancy"],
        ),
        _Gauge(
            "fec_pending_groups",
            "Parity packets that wait for others of their window, at all viewers.",
            memory["pending_fec_groups"],
        ),
        _Gauge(
            "quic_send_buffer_bytes",
            "Everything that waits to be sent to anybody.",
            memory["quic_send_buffer_bytes"],
        ),
    ]


def _stream(stream: dict[str, Any] | None, sent: dict[str, Any]) -> list[_Gauge]:
    gauges = [
        _Gauge("loss_ratio", "Lost packets over expected ones of late, before repair.", sent["loss"]),
        _Gauge("loss_after_repair_ratio", "And those of them that nothing mended.", sent["loss_after_repair"]),
    ]
    if stream is not None:
        gauges += [
            _Gauge("stream_width_pixels", "Columns of the picture that is sent.", stream["width"]),
            _Gauge("stream_height_pixels", "Lines of it.", stream["height"]),
            _Gauge("frames_per_second", "Frames encoded.", stream["fps"]),
            _Gauge("target_frames_per_second", "Frames that the encoder may make.", stream["target_fps"]),
            _Gauge("bitrate_bytes_per_second", "What the encoder makes.", _eighth(stream["bitrate_bps"])),
            _Gauge("target_bitrate_bytes_per_second", "What it may make.", _eighth(stream["target_bitrate_bps"])),
        ]
    return gauges


def _eighth(bits: int | None) -> float | None:
    """Return bytes, which is what Prometheus counts in."""
    return None if bits is None else bits / 8


def _sessions(now: dict[str, Any], figures: Figures) -> list[_Gauge]:
    sessions = now["sessions"]
    return [
        _Gauge("sessions", "Viewers.", len(sessions)),
        _Gauge("sessions_max", "Most viewers at once.", figures.broadcast.max_viewers),
        _Gauge(
            "sessions_stalled", "Viewers whose network takes nothing.", sum(each["is_stalled"] for each in sessions)
        ),
        _Gauge("source_available", "Whether there is a screen to show.", figures.broadcast.source_trouble is None),
        _Gauge(
            "session_rtt_seconds",
            "Longest round trip to any viewer.",
            max((each["rtt_ms"] / 1000 for each in sessions if each["rtt_ms"] is not None), default=None),
        ),
    ]


def _counters(now: dict[str, Any]) -> Iterator[Metric]:
    totals = now["totals"]
    for name, text, value in (
        ("frames_captured", "Frames taken from the screen.", now["frames_captured"]),
        ("frames_encoded", "Access units made of them.", now["frames_encoded"]),
        ("frames_sent", "Access units queued for viewers, for each viewer.", totals["frames_sent"]),
        (
            "frames_dropped",
            "Access units that were given up before they left, for each viewer.",
            totals["frames_dropped"],
        ),
        ("packets_sent", "Packets sent: picture and parity, each once.", totals["packets_sent"]),
        ("sent_bytes", "Their bytes.", totals["bytes_sent"]),
        ("packets_received", "Packets of the picture that came by themselves.", totals["packets_received"]),
        ("packets_lost", "Packets of the picture that did not.", totals["packets_lost"]),
        ("packets_repaired", "Of the lost, those that parity or sending again replaced.", totals["packets_repaired"]),
        ("reorder_full", "How often a viewer's reorder window reached its bound.", totals["reorder_full"]),
        ("viewer_stalls", "How often a viewer's network was found to take nothing.", totals["stalls"]),
        ("encoded_bytes", "Bytes of the access units that were made.", totals["encoded_bytes"]),
        ("sessions_started", "Viewers that have come.", totals["sessions_started"]),
    ):
        yield CounterMetricFamily(f"wavry_{name}", text, value)


def _budget(entries: list[BudgetEntry]) -> Iterator[Metric]:
    """Yield the budget; holders that share a name are added up, since a series may occur once."""
    used = GaugeMetricFamily("wavry_budget_used_bytes", "What a holder of bytes holds.", labels=["name"])
    cap = GaugeMetricFamily("wavry_budget_cap_bytes", "Most it may hold.", labels=["name"])
    high = GaugeMetricFamily("wavry_budget_high_water_bytes", "Most it has held.", labels=["name"])
    drops = CounterMetricFamily("wavry_budget_drops", "How often its policy had to act.", labels=["name"])
    sums: dict[str, list[int]] = {}
    for entry in entries:
        of_entry = (entry.used_bytes, entry.cap_bytes, entry.high_water_bytes, entry.drops)
        sums[entry.name] = [*map(int.__add__, sums.get(entry.name, (0, 0, 0, 0)), of_entry)]
    for name, (used_bytes, cap_bytes, high_water_bytes, dropped) in sums.items():
        used.add_metric([name], used_bytes)
        cap.add_metric([name], cap_bytes)
        high.add_metric([name], high_water_bytes)
        drops.add_metric([name], dropped)
    yield from (used, cap, high, drops)


def _pools(pools: list[dict[str, Any]]) -> Iterator[Metric]:
    reuse = GaugeMetricFamily(
        "wavry_buffer_pool_reuse_ratio", "Loans that needed no allocation over all loans.", labels=["pool"]
    )
    utilization = GaugeMetricFamily(
        "wavry_buffer_pool_utilization_ratio", "Buffers that are lent over the most there can be.", labels=["pool"]
    )
    held = GaugeMetricFamily("wavry_buffer_pool_bytes", "Bytes of all buffers of a pool.", labels=["pool"])
    refusals = CounterMetricFamily(
        "wavry_buffer_pool_refusals", "How often a buffer was wanted and all were lent.", labels=["pool"]
    )
    for pool in pools:
        label = [pool["name"]]
        reuse.add_metric(label, pool["reuse_ratio"])
        utilization.add_metric(label, pool["in_use"] / pool["most"])
        held.add_metric(label, pool["total_bytes"])
        refusals.add_metric(label, pool["refusals"])
    yield from (reuse, utilization, held, refusals)


def _latencies(stages: StageLatencies) -> Metric:
    family = HistogramMetricFamily(
        "wavry_stage_latency_seconds",
        "Where the time of pictures goes; from network on, as viewers say of some of them.",
        labels=["stage"],
    )
    bounds = [f"{bound / 1000:g}" for bound in BUCKETS_MS]
    for stage, histogram in stages.histograms.items():
        counts = histogram.counts_up_to(BUCKETS_MS)
        buckets = [*zip(bounds, counts, strict=True), ("+Inf", histogram.count)]
        family.add_metric([stage], buckets, histogram.total_ms / 1000)
    return family
