"""A host's look at itself: what pages, reports and metrics are made of."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.aio import in_loop, until
from tests.support.figured import FiguredHost, figured_host
from wavry.errors import ErrorCode
from wavry.rift import CONTROL, Bye, MessageDecoder
from wavry.server.figures import sampling
from wavry.server.figures.sampling import COLUMNS, Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _wavry_logs_info() -> Iterator[None]:
    logger = logging.getLogger("wavry")
    before, logger.level = logger.level, logging.INFO
    yield
    logger.setLevel(before)


def now_of(host: FiguredHost, **options: bool) -> dict[str, Any]:
    """One look, as it is after a way over JSON."""
    found: dict[str, Any] = json.loads(json.dumps(host.figures.now(**options)))
    return found


@in_loop
async def test_the_page_gets_all_that_a_report_has() -> None:
    async with figured_host() as host:
        report, now = host.figures.report(), now_of(host, with_objects=True)
        assert set(report) <= set(now)
        for part in ("memory", "profile", "counts"):
            assert set(report[part]) <= set(now[part])  # type: ignore[call-overload]
        assert [entry["name"] for entry in now["budget"]] == [entry["name"] for entry in report["budget"]]  # type: ignore[attr-defined]
        assert "objects" not in now_of(host)["counts"]


@in_loop
async def test_before_anything_has_come_nothing_is_made_up() -> None:
    host = FiguredHost()
    now = now_of(host)
    assert now["stream"] is None
    assert now["sessions"] == []
    assert set(now["latency_ms"].values()) == {None}
    assert set(now["sent"].values()) == {None}
    assert now["memory"]["reorder_buffer_occupancy"] is None
    assert now["memory"]["pending_fec_groups"] is None
    host.capture.source.close()


@in_loop
async def test_it_says_who_is_here_and_how_each_of_them_fares() -> None:
    async with figured_host() as host:
        host.figures.open()
        viewer = await host.join("evil\nname \x1b[2J" + "x" * 200)
        await host.send(3)
        await viewer.report(
            packets_received=3,
            reorder_permille=250,
            fec_pending_groups=2,
            network_us=2000,
            decode_us=4000,
            capture_to_decoded_us=9000,
        )
        now = now_of(host)
        (session,) = now["sessions"]
        assert session["id"] == 1
        assert session["name"].startswith("evil?name ?[2J")
        assert len(session["name"]) <= 64
        assert (session["door"], session["fingerprint"], session["is_stalled"]) == ("quic", None, False)
        assert "view" in session["rights"]
        assert (session["reorder_occupancy"], session["fec_pending_groups"]) == (0.25, 2)
        assert (now["memory"]["reorder_buffer_occupancy"], now["memory"]["pending_fec_groups"]) == (0.25, 2)
        assert now["latency_ms"]["capture"] == {"p50": 0.1, "p95": 0.1}
        assert now["latency_ms"]["encode"] == {"p50": 2.9, "p95": 2.9}
        assert now["latency_ms"]["capture_to_decoded"] == {"p50": 9.0, "p95": 9.0}
        assert now["latency_ms"]["playout"] is None
        assert now["totals"]["frames_sent"] == 3
        assert now["totals"]["encoded_bytes"] == 3000
        assert now["stream"]["codec"] == "h264"
        await viewer.leave()
        await until(lambda: not host.broadcast.viewers)
        assert now_of(host)["sessions"] == []
        assert now_of(host)["totals"]["packets_received"] == 3


@in_loop
async def test_a_session_can_be_ended_by_its_number_and_no_other() -> None:
    async with figured_host() as host:
        first, second = await host.join("first"), await host.join("second")
        assert not host.figures.disconnect(3)
        assert host.figures.disconnect(1)
        await until(lambda: len(host.broadcast.viewers) == 1)
        assert not host.figures.disconnect(1)
        assert host.broadcast.viewers[0] is second.session
        messages = MessageDecoder(CONTROL).receive(bytes(first.listener.control))
        bye = next(each for each in messages if isinstance(each, Bye))
        assert bye.code == ErrorCode.REFUSED
        assert "ended this session" in bye.reason


@in_loop
async def test_nothing_is_kept_before_a_page_and_nothing_after_it() -> None:
    async with figured_host() as host:
        names = {entry.name for entry in host.budget.entries()}
        assert host.figures.stages is None
        host.figures.open()
        opened = {entry.name: entry for entry in host.budget.entries()}
        assert set(opened) - names == {f"observe.{name}" for name in ("history", "events", "latencies", "traffic")}
        assert sum(opened[name].cap_bytes for name in set(opened) - names) < 1_000_000
        host.figures.close()
        assert {entry.name for entry in host.budget.entries()} == names
        assert host.figures.stages is None
        assert host.figures.events not in logging.getLogger("wavry").handlers


@in_loop
async def test_a_row_a_second_goes_into_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    from wavry.server.figures import figures as figures_module

    monkeypatch.setattr(figures_module, "SAMPLE_INTERVAL_S", 0.01)
    async with figured_host() as host:
        host.figures.open()
        running = asyncio.create_task(host.figures.run())
        await host.join()

        def rows() -> dict[str, list[float | None]]:
            now = asyncio.get_running_loop().time()
            columns = host.figures.history.columns(600, now=now, wall_s=0.0)["columns"]
            return {name: stats["last"] for name, stats in columns.items()}  # type: ignore[attr-defined]

        await until(lambda: 1.0 in rows()["sessions"])
        found = rows()
        assert set(found) == set(COLUMNS)
        assert found["rss_mb"][-1] == pytest.approx(host.figures.now()["memory"]["rss_mb"], rel=0.2)  # type: ignore[index]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert host.figures.stages is None


@in_loop
async def test_a_sample_that_fails_is_left_out_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from wavry.server.figures import figures as figures_module
    from wavry.server.figures.sampling import Sampler

    monkeypatch.setattr(figures_module, "SAMPLE_INTERVAL_S", 0.01)
    tries: list[float] = []

    def fail(_: Sampler, *, now: float) -> None:
        tries.append(now)
        raise OSError("no /proc today")

    monkeypatch.setattr(Sampler, "sample", fail)
    async with figured_host() as host:
        host.figures.open()
        running = asyncio.create_task(host.figures.run())
        await until(lambda: len(tries) >= 3)
        assert not running.done()
        assert [record.message for record in caplog.records].count("a sample for the dashboard failed") == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


@in_loop
async def test_the_log_of_events_has_what_nobody_else_would_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_QUIET_S", 5.0)
    async with figured_host() as host:
        host.figures.open()
        sampler = Sampler(host.figures)
        now = asyncio.get_running_loop().time()
        viewer = await host.join("Ann")
        sampler.sample(now=now)

        await viewer.report(reorder_permille=1000)
        viewer.session.sender.is_stalled = True
        host.capture.source.pool.drops += 3
        sampler.sample(now=now + 1)
        viewer.session.sender.is_stalled = False
        host.capture.source.pool.drops += 1
        sampler.sample(now=now + 2)
        sampler.sample(now=now + 7)
        host.broadcast._target_bps //= 2
        sampler.sample(now=now + 8)
        host.broadcast._target_bps //= 2
        sampler.sample(now=now + 9)  # it is still moving

        host.broadcast.max_viewers = 1
        await host.refuse("Bob")

        texts = [str(event["text"]) for event in host.figures.events.since()]
        said = [text for text in texts if "Ann" not in text or "watches" not in text]
        assert [text.split(":")[0].split(", ")[0] for text in said if "capture.pool" in text] == [
            "capture.pool was full"
        ] * 2
        assert sum("3 times" in text for text in said) == sum("1 times" in text for text in said) == 1
        assert sum("Ann" in text and "has stalled" in text for text in said) == 1
        assert sum("Ann" in text and "goes on" in text for text in said) == 1
        assert sum("reorder window has reached its bound" in text for text in said) == 1
        assert host.figures.totals().stalls == host.figures.totals().reorder_full == 1
        assert sum("the links carry 10.0 Mbit/s" in text for text in said) == 1
        assert any("Ann" in text and "watches" in text for text in texts)
        assert any("Bob" in text and "is sent away: 1 are watching already" in text for text in texts)
