"""What Prometheus reads of a host."""

from __future__ import annotations

import asyncio
import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.aio import in_loop, until
from tests.support.figured import FiguredHost, figured_host
from wavry.memory import HolderGroup
from wavry.server.dashboard import metrics
from wavry.server.dashboard.metrics import BUCKETS_MS, render

if TYPE_CHECKING:
    from collections.abc import Mapping

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def scrape(host: FiguredHost) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The samples by name and labels, after Prometheus' own reading of the text; each occurs once."""
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in text_string_to_metric_families(render(host.figures).decode()):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


def value(samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float], metric: str, **labels: str) -> float:
    return samples[f"wavry_{metric}", frozenset(labels.items())]


async def a_streaming_host(host: FiguredHost) -> None:
    host.figures.open()
    viewer = await host.join('evil{}"\n name')
    host.figures.sample(now=0.0)
    await host.send(5)
    await viewer.report(
        packets_received=4,
        packets_lost=1,
        packets_repaired=1,
        reorder_permille=500,
        fec_pending_groups=2,
        network_us=3000,
        playout_us=500,
        decode_us=20_000,
        capture_to_decoded_us=30_000,
    )


@in_loop
async def test_it_has_what_the_host_knows() -> None:
    async with figured_host() as host:
        await a_streaming_host(host)
        samples, now = scrape(host), host.figures.now()
        memory: dict[str, float] = now["memory"]  # type: ignore[assignment]
        assert value(samples, "memory_rss_bytes") == pytest.approx(memory["rss_mb"] * 1e6, rel=0.05)
        assert value(samples, "memory_uss_bytes") == pytest.approx(memory["uss_mb"] * 1e6, rel=0.05)
        assert value(samples, "memory_heap_bytes") == pytest.approx(memory["heap_bytes"], rel=0.05)
        for entry in host.budget.entries():
            assert value(samples, "budget_cap_bytes", name=entry.name) == entry.cap_bytes
            assert value(samples, "budget_drops_total", name=entry.name) == entry.drops
        assert value(samples, "reorder_occupancy_ratio") == 0.5
        assert value(samples, "fec_pending_groups") == 2
        assert value(samples, "quic_send_buffer_bytes") == 0
        assert value(samples, "frames_sent_total") == 5
        assert value(samples, "packets_lost_total") == value(samples, "packets_repaired_total") == 1
        assert value(samples, "sessions") == value(samples, "sessions_started_total") == 1
        assert value(samples, "sessions_stalled") == 0
        assert value(samples, "source_available") == 1
        assert value(samples, "buffer_pool_reuse_ratio", pool="capture.pool") == 0
        assert value(samples, "target_bitrate_bytes_per_second") == 2_500_000
        build = [dict(labels) for name, labels in samples if name == "wavry_build_info"]
        assert [set(each) for each in build] == [{"version", "python"}]


@in_loop
async def test_latencies_are_histograms_in_seconds() -> None:
    async with figured_host() as host:
        await a_streaming_host(host)
        samples = scrape(host)
        for stage, count, total_s in (("encode", 5, 5 * 0.0029), ("decode", 1, 0.02), ("capture_to_decoded", 1, 0.03)):
            bounds = [*(f"{bound / 1000:g}" for bound in BUCKETS_MS), "+Inf"]
            buckets = [value(samples, "stage_latency_seconds_bucket", stage=stage, le=bound) for bound in bounds]
            assert buckets == sorted(buckets)
            assert buckets[0] == 0
            assert buckets[-1] == value(samples, "stage_latency_seconds_count", stage=stage) == count
            assert value(samples, "stage_latency_seconds_sum", stage=stage) == pytest.approx(total_s)
        assert value(samples, "stage_latency_seconds_bucket", stage="decode", le="0.016") == 0
        assert value(samples, "stage_latency_seconds_bucket", stage="decode", le="0.024") == 1


@in_loop
async def test_counters_hold_over_sessions_that_end_and_no_label_is_a_peers() -> None:
    async with figured_host() as host:
        host.figures.open()
        before: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for _ in range(3):
            viewer = await host.join("evil viewer")
            await host.send(2)
            await viewer.report(packets_received=1, packets_lost=1)
            during = scrape(host)
            await viewer.leave()
            await until(lambda: not host.broadcast.viewers)
            after = scrape(host)
            assert set(after) == set(during) - {
                ("wavry_reorder_occupancy_ratio", frozenset()),
                ("wavry_fec_pending_groups", frozenset()),
                ("wavry_session_rtt_seconds", frozenset()),
            }
            for key, count in after.items():
                if key[0].endswith(("_total", "_bucket", "_count", "_sum")):
                    assert count >= during.get(key, 0.0) >= before.get(key, 0.0)
            before = after
        assert value(before, "packets_lost_total") == value(before, "sessions_started_total") == 3
        assert b"evil" not in render(host.figures)
        assert b"loopback" not in render(host.figures)


@in_loop
async def test_holders_that_share_a_name_are_one_series() -> None:
    async with figured_host() as host:
        before = scrape(host)
        host.budget.register("encode.picture", HolderGroup(3, 1000, "nothing"), policy="nothing")
        after = scrape(host)
        cap, cap_before = (value(each, "budget_cap_bytes", name="encode.picture") for each in (after, before))
        assert cap == cap_before + 3000


@needs_promtool
@in_loop
async def test_promtool_has_nothing_to_say() -> None:
    async with figured_host() as host:
        await a_streaming_host(host)
        text = render(host.figures)
    assert metrics.CONTENT_TYPE.startswith("text/plain; version=0.0.4")
    assert not re.search(rb"^(python|process)_", text, re.MULTILINE)
    promtool = await asyncio.create_subprocess_exec(
        "promtool", "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await promtool.communicate(text)
    assert (promtool.returncode, said) == (0, b"")
