"""One direction of a link: what arrives, when, and what is counted."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import pytest

from network import link as link_module
from network.conditions import Blackout, LinkConditions, SizeStep
from network.link import Link
from network.loss import RandomLoss
from network.profiles import DESCRIPTIONS, PROFILES
from network.trace import OPPORTUNITY_BYTES, Trace
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

DATAGRAMS = 20_000
EVERYTHING = LinkConditions(
    latency_s=0.01,
    jitter_s=0.005,
    loss=RandomLoss(0.05),
    rate_bps=20e6,
    reordered_share=0.02,
    duplicated_share=0.02,
    corrupted_share=0.02,
    blackouts=(Blackout(1, 0.5),),
)


def numbered(number: int, size_bytes: int = 1000) -> bytes:
    return number.to_bytes(4, "big") + bytes(size_bytes - 4)


def number_of(datagram: bytes) -> int:
    return int.from_bytes(datagram[:4], "big")


def arrivals(link: Link, sent: Iterable[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    """Send everything, and note what comes at the very moment the link says it does."""
    arrived: list[tuple[float, bytes]] = []

    def take_until(now: float) -> None:
        while (due := link.next_delivery_at) is not None and due <= now:
            datagrams = link.deliver(due)
            assert datagrams, "the link announced a delivery and had none"
            arrived.extend((due, datagram) for datagram in datagrams)

    for now, datagram in sent:
        take_until(now)
        link.send(datagram, now)
    take_until(float("inf"))
    return arrived


def stream(count: int = DATAGRAMS, interval_s: float = 0.0005) -> list[tuple[float, bytes]]:
    return [(number * interval_s, numbered(number)) for number in range(count)]


def test_a_perfect_link_delivers_everything_at_once() -> None:
    sent = stream(100)
    assert arrivals(Link(LinkConditions(), seed=1), sent) == sent


def test_latency_is_the_same_for_all() -> None:
    arrived = arrivals(Link(LinkConditions(latency_s=0.25), seed=1), stream(100))
    assert [at for at, _ in arrived] == [at + 0.25 for at, _ in stream(100)]


def test_nothing_arrives_before_its_time() -> None:
    link = Link(LinkConditions(latency_s=0.1), seed=1)
    link.send(b"early", 1.0)
    assert link.next_delivery_at == 1.1
    assert link.deliver(1.0999) == []
    assert link.deliver(1.1) == [b"early"]
    assert link.next_delivery_at is None


def test_a_rate_spaces_what_comes_at_once() -> None:
    link = Link(LinkConditions(rate_bps=8e6, latency_s=0.010), seed=1)
    arrived = arrivals(link, [(0.0, numbered(number)) for number in range(5)])
    assert [at for at, _ in arrived] == pytest.approx([0.011, 0.012, 0.013, 0.014, 0.015])


def test_the_queue_drops_the_newest_at_its_bound() -> None:
    link = Link(LinkConditions(rate_bps=8e6, queue_limit_bytes=10_000), seed=1)
    arrived = arrivals(link, [(0.0, numbered(number)) for number in range(25)])
    assert [number_of(datagram) for _, datagram in arrived] == list(range(10))
    assert (link.counters.dropped_by_queue, link.counters.queue_high_water_bytes) == (15, 10_000)


def test_the_queue_takes_more_as_it_drains() -> None:
    link = Link(LinkConditions(rate_bps=8e6, queue_limit_bytes=2000), seed=1)
    for number in range(2):
        link.send(numbered(number), 0.0)
    assert link.queued_bytes(0.0005) == 2000
    assert link.queued_bytes(0.0015) == 1000
    link.send(numbered(2), 0.0015)
    link.send(numbered(3), 0.0015)
    assert [number_of(datagram) for datagram in link.deliver(1.0)] == [0, 1, 2]


def test_a_trace_is_reproduced_and_loops() -> None:
    stamps = [5, 5, 20, 21, 22, 60]
    link = Link(LinkConditions(trace=Trace(stamps), queue_limit_bytes=64_000_000), seed=1)
    arrived = arrivals(link, [(0.0, numbered(number, OPPORTUNITY_BYTES)) for number in range(18)])
    assert [round(at * 1000) for at, _ in arrived] == [period * 60 + stamp for period in range(3) for stamp in stamps]


def test_a_loaded_link_carries_the_mean_of_its_trace() -> None:
    trace = Trace(sorted([*range(1, 1000), *range(1, 1001), *range(1000, 2001, 8)]))
    link = Link(LinkConditions(trace=trace), seed=1)
    arrivals(link, [(number * 0.0004, numbered(number, 1200)) for number in range(25_000)])
    assert link.counters.delivered_bytes * 8 / 10 == pytest.approx(trace.mean_bps, rel=0.02)


def test_jitter_keeps_the_order_and_has_the_stated_mean() -> None:
    sent = stream()
    arrived = arrivals(Link(LinkConditions(latency_s=0.01, jitter_s=0.005), seed=1), sent)
    assert [datagram for _, datagram in arrived] == [datagram for _, datagram in sent]
    extra = [at - 0.01 - sent_at for (at, _), (sent_at, _) in zip(arrived, sent, strict=True)]
    assert min(extra) >= -1e-9
    assert 0.8 * 0.005 < sum(extra) / len(extra) < 1.1 * 0.005  # 0.8, and what keeping the order adds
    assert max(extra) > 2.6 * 0.005


def test_jitter_that_reorders_gives_each_its_own_delay() -> None:
    link = Link(LinkConditions(latency_s=0.01, jitter_s=0.005, jitter_reorders=True), seed=1)
    sent = stream()
    arrived = arrivals(link, sent)
    assert sorted(datagram for _, datagram in arrived) == [datagram for _, datagram in sent]
    assert link.counters.reordered > DATAGRAMS / 2
    extra = [at - 0.01 - number_of(datagram) * 0.0005 for at, datagram in arrived]
    assert sum(extra) / len(extra) == pytest.approx(0.8 * 0.005, rel=0.02)


def test_reordered_datagrams_are_overtaken_by_what_follows_in_that_time() -> None:
    link = Link(LinkConditions(latency_s=0.01, reordered_share=0.01, reordering_s=0.0018), seed=1)
    order = [number_of(datagram) for _, datagram in arrivals(link, stream())]
    late = [place for place in range(1, DATAGRAMS) if order[place] < max(order[max(0, place - 10) : place])]
    assert link.counters.reordered == len(late)
    assert abs(len(late) - 200) < 4 * sqrt(200)
    # Three follow within 1.8 ms at 0.5 ms each; a neighbour that is late as well makes it one less.
    assert {max(order[place - 9 : place]) - order[place] for place in late if place >= 9} <= {2, 3}


def test_loss_takes_its_share_and_is_counted() -> None:
    link = Link(LinkConditions(loss=RandomLoss(0.1)), seed=1)
    arrived = arrivals(link, stream())
    assert link.counters.lost == DATAGRAMS - len(arrived)
    assert abs(link.counters.lost - 2000) < 4 * sqrt(2000)


def test_duplicates_come_twice_and_are_counted() -> None:
    link = Link(LinkConditions(duplicated_share=0.1), seed=1)
    numbers = [number_of(datagram) for _, datagram in arrivals(link, stream())]
    assert len(numbers) - len(set(numbers)) == link.counters.duplicated
    assert link.counters.delivered == DATAGRAMS + link.counters.duplicated
    assert abs(link.counters.duplicated - 2000) < 4 * sqrt(2000)


def test_corruption_flips_one_to_three_bits_and_is_counted() -> None:
    link = Link(LinkConditions(corrupted_share=0.1), seed=1)
    zeros = bytes(500)
    arrived = arrivals(link, [(number / 1000, zeros) for number in range(DATAGRAMS)])
    flipped = [int.from_bytes(datagram, "big").bit_count() for _, datagram in arrived if datagram != zeros]
    assert len(flipped) == link.counters.corrupted
    assert set(flipped) == {1, 2, 3}
    assert abs(len(flipped) - 2000) < 4 * sqrt(2000)
    assert zeros == bytes(500)


def test_a_blackout_loses_what_is_sent_in_it_and_nothing_else() -> None:
    conditions = LinkConditions(latency_s=0.1, blackouts=(Blackout(1, 0.5), Blackout(3, 1)))
    link = Link(conditions, seed=1, begins_at=100.0)
    sent = [(100 + number / 100, numbered(number)) for number in range(500)]
    numbers = [number_of(datagram) for _, datagram in arrivals(link, sent)]
    assert numbers == [*range(100), *range(150, 300), *range(400, 500)]
    assert link.counters.dropped_by_blackout == 150


def test_what_is_too_large_is_dropped_from_its_step_on() -> None:
    conditions = LinkConditions(latency_s=0.1, size_steps=(SizeStep(1, 1400), SizeStep(2, 1200)))
    link = Link(conditions, seed=1, begins_at=100.0)
    sent = [(100.5 + second, numbered(size, size)) for second in range(3) for size in (1200, 1201, 1400, 1401)]
    sizes = [len(datagram) for _, datagram in arrivals(link, sent)]
    assert sizes == [1200, 1201, 1400, 1401, 1200, 1201, 1400, 1200]
    assert link.counters.dropped_by_size == 4


def test_a_link_without_a_rate_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "HELD_LIMIT_BYTES", 10_000)
    link = Link(LinkConditions(latency_s=60), seed=1)
    for number in range(12):
        link.send(numbered(number), 0.0)
    assert (link.held_bytes, link.counters.dropped_above_limit) == (10_000, 2)
    link.deliver(60.0)
    assert link.held_bytes == 0


def test_every_datagram_is_accounted_for() -> None:
    link = Link(EVERYTHING, seed=3)
    arrived = arrivals(link, stream())
    counters = link.counters
    assert min(counters.lost, counters.duplicated, counters.corrupted, counters.reordered) > 0
    assert counters.sent == DATAGRAMS
    assert counters.delivered == len(arrived)
    missing = counters.lost + counters.dropped_by_queue + counters.dropped_by_blackout + counters.dropped_above_limit
    assert counters.delivered == counters.sent + counters.duplicated - missing
    assert (link.held_bytes, link.queued_bytes(1e9)) == (0, 0)


def test_a_seed_decides_everything() -> None:
    first, again, other = (arrivals(Link(EVERYTHING, seed=seed), stream(5000)) for seed in (1, 1, 2))
    assert first == again != other


def test_what_is_lost_does_not_depend_on_other_trouble() -> None:
    quiet = arrivals(Link(LinkConditions(loss=RandomLoss(0.05)), seed=5), stream(5000))
    busy = arrivals(
        Link(LinkConditions(loss=RandomLoss(0.05), jitter_s=0.01, duplicated_share=0.1), seed=5), stream(5000)
    )
    assert {datagram for _, datagram in quiet} == {datagram for _, datagram in busy}


def test_every_profile_is_described_for_people() -> None:
    assert list(PROFILES) == list(DESCRIPTIONS)
    for name, text in DESCRIPTIONS.items():
        assert text.startswith(f"{PROFILES[name].latency_s * 2000:g} ms RTT")


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency_s": -1},
        {"duplicated_share": 1.1},
        {"rate_bps": 0},
        {"queue_limit_bytes": 100},
        {"rate_bps": 1e6, "trace": Trace([1])},
        {"blackouts": (Blackout(1, 3), Blackout(2, 1))},
        {"blackouts": (Blackout(1, 0),)},
        {"size_steps": (SizeStep(1, 1400), SizeStep(1, 1250))},
        {"size_steps": (SizeStep(-1, 1400),)},
    ],
    ids=" ".join,
)
def test_conditions_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        LinkConditions(**wrong)  # type: ignore[arg-type] # that is the point
