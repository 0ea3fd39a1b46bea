"""What the overlay says, from figures that are made up and from counts that grow."""

from __future__ import annotations

from wavry.client.clock_sync import ClockSync
from wavry.client.recent import Figures, RecentFigures
from wavry.client.statistics import Statistics
from wavry.client.window.overlay import draw_rows, overlay_rows
from wavry.decode import StreamFormat
from wavry.media import Codec, Size
from wavry.memory import MemoryBudget
from wavry.observe.histogram import Histogram, percentiles_between
from wavry.rift import ReceiverStats

FIGURES = Figures(
    size="1920x1080",
    codec="h264",
    fps=59.94,
    bitrate_bps=8_412_000,
    loss=0.0123,
    repaired=0.5,
    latencies_ms={"encode": (5.04, 7.0), "capture_to_shown": (14.1, 19.26)},
    rtt_ms=0.42,
    sound_offset_ms=-3.0,
    reorder=(48_000, 2_000_000),
    pictures=(6_200_000, 25_000_000),
)


def said(figures: Figures) -> dict[str, tuple[str, str]]:
    return {row.name: (row.left, row.right) for row in overlay_rows(figures)}


def test_figures_are_said_with_their_units() -> None:
    rows = said(FIGURES)
    assert rows["1920x1080"] == ("", "h264")
    assert rows["frames a second"] == ("", "59.9")
    assert rows["bit rate"] == ("", "8.4 Mbit/s")
    assert rows["encode"] == ("5.0", "7.0")
    assert rows["screen to screen"] == ("14.1", "19.3")
    assert rows["round trip"] == ("", "0.4 ms")
    assert rows["lost"] == ("", "1.23 %")
    assert rows["of these repaired"] == ("", "50.00 %")
    assert rows["sound after picture"] == ("", "-3.0 ms")
    assert rows["reordering"] == ("", "0.0 of 2.0 MB")
    assert rows["pictures"] == ("", "6.2 of 25.0 MB")


def test_what_is_not_known_is_not_made_up() -> None:
    rows = said(Figures())
    assert rows["no stream yet"] == ("", "")
    assert rows["decode"] == ("-", "-")
    assert rows["lost"] == rows["bit rate"] == rows["pictures"] == ("", "-")
    assert said(Figures(bitrate_bps=1200))["bit rate"] == ("", "1 kbit/s")


def test_the_overlay_is_as_large_whatever_it_says() -> None:
    full, empty = draw_rows(overlay_rows(FIGURES)), draw_rows(overlay_rows(Figures()))
    assert (full.width, full.height) == (empty.width, empty.height)


def test_percentiles_between_two_moments_leave_out_what_came_before() -> None:
    histogram = Histogram()
    for _ in range(1000):
        histogram.add(500.0)
    before = histogram.counts()
    assert percentiles_between(before, histogram.counts(), (50,)) is None
    for milliseconds in range(1, 101):
        histogram.add(float(milliseconds))
    p50, p95 = percentiles_between(before, histogram.counts(), (50, 95)) or (0.0, 0.0)
    assert abs(p50 - 50) <= 1
    assert abs(p95 - 95) <= 2


def receiver(received: int, lost: int, repaired: int) -> ReceiverStats:
    stats = ReceiverStats()
    stats.packets_received, stats.packets_lost, stats.packets_repaired = received, lost, repaired
    stats.bytes_received = received * 1000
    return stats


def test_figures_are_of_the_last_three_seconds_and_survive_a_reconnection() -> None:
    statistics = Statistics(ClockSync())
    statistics.stream = StreamFormat(0, Codec.HEVC, Size(640, 360))
    recent = RecentFigures(statistics, MemoryBudget())
    statistics.network.take(receiver(10_000, 5000, 0), 0.0, 0)
    first = recent.look(now=0.0)
    assert (first.size, first.codec, first.fps, first.loss) == ("640x360", "hevc", None, None)
    statistics.network.finish()  # the connection ends, another begins
    for half_second in range(1, 20):
        statistics.pictures_decoded += 30
        count = 100 * half_second
        statistics.network.take(receiver(count * 9 // 10, count // 10, count // 20), 0.0, 0)
        figures = recent.look(now=half_second / 2)
    assert figures.fps == 60
    assert figures.bitrate_bps == 90 * 2 * 8000
    assert figures.loss == 0.1
    assert figures.repaired == 0.5
    assert recent.used_bytes <= recent.cap_bytes
    assert recent.high_water_bytes == recent.cap_bytes
    recent.forget()
    assert recent.used_bytes == 0
