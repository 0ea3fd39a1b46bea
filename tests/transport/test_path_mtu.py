"""How the size of packets is found and taken back: the search alone, and over QUIC with a narrow path in between."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from tests.support.aio import in_loop, until
from tests.support.transport import Listener, link_of, narrow_ends, quic_ends
from wavry.errors import DatagramTooLargeError
from wavry.transport.quic.path_mtu import BASE_BYTES, LOST_IN_A_ROW, PROBED_SIZES, PathMtu
from wavry.transport.quic.settings import QuicSettings

if TYPE_CHECKING:
    from pathlib import Path

    from wavry.transport import Connection

LARGEST = max(PROBED_SIZES)


# The search alone.


def search(path: PathMtu, limit_bytes: int, *, now: float) -> list[int]:
    """Probe over a path that takes packets up to a size until no probe is due; return the sizes."""
    probed: list[int] = []
    while (size := path.next_probe(now=now)) is not None:
        probed.append(size)
        path.probe_done(size, arrived=size <= limit_bytes, now=now)
    return probed


def found(limit_bytes: int = LARGEST) -> PathMtu:
    path = PathMtu(LARGEST)
    path.start(now=0.0)
    search(path, limit_bytes, now=0.0)
    return path


def lose(path: PathMtu, numbers: range) -> None:
    for number in numbers:
        path.note_lost(number)


def test_nothing_is_probed_before_the_handshake_is_over() -> None:
    path = PathMtu(LARGEST)
    assert (path.packet_bytes, path.due_at, path.next_probe(now=1e9)) == (BASE_BYTES, inf, None)


def test_a_path_that_takes_the_largest_size_needs_one_probe() -> None:
    path = PathMtu(LARGEST)
    path.start(now=0.0)
    assert search(path, LARGEST, now=0.0) == [LARGEST]
    assert (path.packet_bytes, path.due_at) == (LARGEST, inf)


@pytest.mark.parametrize(
    ("limit_bytes", "probed", "packet_bytes"),
    [
        (1420, [1452] * 3 + [1400], 1400),
        (1399, [1452] * 3 + [1400] * 3 + [1350], 1350),
        (1250, [1452] * 3 + [1400] * 3 + [1350] * 3, BASE_BYTES),
    ],
)
def test_a_narrower_path_gets_the_largest_size_that_it_takes(
    limit_bytes: int, probed: list[int], packet_bytes: int
) -> None:
    path = PathMtu(LARGEST)
    path.start(now=0.0)
    assert search(path, limit_bytes, now=0.0) == probed
    assert path.packet_bytes == packet_bytes


def test_one_lost_probe_is_no_narrow_path() -> None:
    path = PathMtu(LARGEST)
    path.start(now=0.0)
    for _ in range(2):
        path.probe_done(path.next_probe(now=0.0) or 0, arrived=False, now=0.0)
    assert search(path, LARGEST, now=0.0) == [LARGEST]
    assert path.packet_bytes == LARGEST


def test_only_one_probe_is_under_way_at_a_time() -> None:
    path = PathMtu(LARGEST)
    path.start(now=0.0)
    assert path.next_probe(now=0.0) == LARGEST
    assert path.next_probe(now=1e9) is None


def test_no_size_above_the_setting_is_tried() -> None:
    path = PathMtu(1380)
    path.start(now=0.0)
    assert search(path, LARGEST, now=0.0) == [1380]
    assert path.due_at == inf
    path = PathMtu(BASE_BYTES)
    path.start(now=0.0)
    assert path.due_at == inf


def test_a_path_that_did_not_take_the_largest_size_is_asked_again_after_ten_minutes() -> None:
    path = found(1400)
    assert path.next_probe(now=599.0) is None
    assert search(path, LARGEST, now=600.0) == [LARGEST]
    assert path.packet_bytes == LARGEST


def test_large_packets_lost_in_a_row_are_a_hole() -> None:
    path = found()
    lose(path, range(1, LOST_IN_A_ROW))
    assert not path.fall_back(now=1.0)
    path.note_lost(LOST_IN_A_ROW)
    assert path.fall_back(now=1.0)
    assert (path.packet_bytes, path.due_at) == (BASE_BYTES, 2.0)
    assert not path.fall_back(now=1.0)


def test_losses_before_one_that_arrived_are_none() -> None:
    path = found()
    path.newest_arrived = 50
    lose(path, range(30, 50))
    assert not path.fall_back(now=1.0)


def test_one_that_arrives_ends_the_row() -> None:
    path = found()
    lose(path, range(1, LOST_IN_A_ROW + 1))
    path.newest_arrived = LOST_IN_A_ROW + 1
    assert not path.fall_back(now=1.0)
    lose(path, range(20, 20 + LOST_IN_A_ROW - 1))
    assert not path.fall_back(now=1.0)


def test_timeouts_in_a_row_are_a_hole_too() -> None:
    path = found()
    for _ in range(LOST_IN_A_ROW - 1):
        path.note_timeout()
    assert not path.fall_back(now=1.0)
    path.note_timeout()
    assert path.fall_back(now=1.0)


def test_the_searches_after_holes_become_rare() -> None:
    path, now, waits = found(), 0.0, []
    for _ in range(12):
        lose(path, range(1, LOST_IN_A_ROW + 1))
        assert path.fall_back(now=now)
        waits.append(path.due_at - now)
        now = path.due_at
        assert search(path, LARGEST, now=now) == [LARGEST]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == 600.0


def test_a_probe_of_a_search_that_was_given_up_counts_no_more() -> None:
    path = PathMtu(LARGEST)
    path.start(now=0.0)
    assert path.next_probe(now=0.0) == LARGEST
    for _ in range(LOST_IN_A_ROW):
        path.note_timeout()
    assert path.fall_back(now=0.0)
    path.probe_done(LARGEST, arrived=True, now=0.0)
    assert path.packet_bytes == BASE_BYTES


def test_probes_and_small_packets_are_not_large_ones() -> None:
    path = found(1400)
    assert [path.is_large(size) for size in (40, BASE_BYTES, BASE_BYTES + 1, 1400, 1401)] == [False] * 2 + [
        True,
        True,
        False,
    ]


# Over QUIC.


@in_loop
async def test_both_ends_find_what_loopback_takes(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        small = ends.host.max_datagram_bytes
        await until(lambda: {link_of(end).packet_bytes for end in (ends.host, ends.client)} == {LARGEST})
        assert small == BASE_BYTES - 30
        assert ends.host.max_datagram_bytes == ends.host.largest_datagram_bytes == LARGEST - 30


@in_loop
async def test_a_setting_of_1200_leaves_it_at_that(tmp_path: Path) -> None:
    async with quic_ends(tmp_path, QuicSettings(max_udp_payload_bytes=BASE_BYTES)) as ends:
        await ends.observe()
        assert ends.host.max_datagram_bytes == ends.host.largest_datagram_bytes == BASE_BYTES - 30
        assert link_of(ends.host).quic._loss._cc.congestion_window == 10 * BASE_BYTES


@pytest.mark.parametrize(("limit_bytes", "packet_bytes"), [(1420, 1400), (1372, 1350)])
@in_loop
async def test_a_narrow_path_is_measured(limit_bytes: int, packet_bytes: int, tmp_path: Path) -> None:
    async with narrow_ends(tmp_path, limit_bytes) as (ends, path):
        window = link_of(ends.host).quic._loss.congestion_window
        await until(lambda: {link_of(end).packet_bytes for end in (ends.host, ends.client)} == {packet_bytes})
        assert LARGEST in path.dropped
        assert link_of(ends.host).quic._loss.congestion_window >= window  # a probe that is lost is no congestion
        assert link_of(ends.host).quic._loss.bytes_in_flight < 3 * LARGEST
        await ends.observe()
        largest = bytes(ends.host.max_datagram_bytes)
        assert ends.host.send_datagram(largest)
        ends.host.flush()
        await until(lambda: ends.at_client.datagrams == [largest])


@in_loop
async def test_a_path_that_takes_only_the_smallest_works_from_the_first_moment(tmp_path: Path) -> None:
    async with narrow_ends(tmp_path, BASE_BYTES) as (ends, path):
        await ends.observe()
        assert ends.host.send_datagram(bytes(ends.host.max_datagram_bytes))
        ends.host.flush()
        await until(lambda: ends.at_client.datagrams and len(path.dropped) >= 18)  # 3 sizes, 3 times, both ends
        assert link_of(ends.host).packet_bytes == link_of(ends.client).packet_bytes == BASE_BYTES


@in_loop
async def test_a_hole_in_mid_stream_is_noticed_and_the_stream_goes_on(tmp_path: Path) -> None:
    async with narrow_ends(tmp_path, LARGEST) as (ends, path):
        await ends.observe()
        link = link_of(ends.host)
        await until(lambda: link.packet_bytes == LARGEST)
        before = len(path.dropped)
        path.limit_bytes = BASE_BYTES
        sent = 0

        def stream() -> bool:
            nonlocal sent
            while ends.host.send_datagram(sent.to_bytes(4, "big") * (ends.host.max_datagram_bytes // 4)):
                sent += 1
            ends.host.flush()
            return len(ends.at_client.datagrams) > 200

        await until(stream)
        assert link.packet_bytes == BASE_BYTES
        assert max(map(len, ends.at_client.datagrams)) <= BASE_BYTES - 30
        assert len(path.dropped) > before + LOST_IN_A_ROW
        path.limit_bytes = LARGEST
        await until(lambda: link.packet_bytes == LARGEST)


class Greedy(Listener):
    """Sends large datagrams whenever it may, with room for another frame in their packets."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        connection.observe(self)

    def writable(self, *, now: float) -> None:
        while self._connection.send_datagram(bytes(self._connection.max_datagram_bytes - 50)):
            pass


@in_loop
async def test_a_probe_of_quic_goes_ahead_of_the_datagrams_that_would_make_it_large(tmp_path: Path) -> None:
    async with narrow_ends(tmp_path, LARGEST) as (ends, path):
        await ends.observe()
        link = link_of(ends.host)
        await until(lambda: link.packet_bytes == LARGEST)
        link._path.note_timeout = lambda: None  # type: ignore[method-assign] # only what the probe shows counts
        path.limit_bytes = BASE_BYTES
        Greedy(ends.host).writable(now=0.0)
        ends.host.flush()
        await until(lambda: link.packet_bytes == BASE_BYTES)


@in_loop
async def test_a_peer_that_takes_a_longer_id_lets_no_datagram_stay_in_the_way(tmp_path: Path) -> None:
    async with quic_ends(tmp_path, QuicSettings(max_udp_payload_bytes=BASE_BYTES)) as ends:
        await ends.observe()
        link = link_of(ends.host)
        assert ends.host.send_datagram(bytes(ends.host.max_datagram_bytes))
        link.quic._peer_cid.cid += bytes(12)
        link.pump()
        assert (link.max_datagram_bytes, link.datagrams_too_large) == (BASE_BYTES - 42, 1)
        assert ends.host.send_buffer_bytes == 0


@in_loop
async def test_no_datagram_that_has_become_too_large_stays_in_the_way(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        link = link_of(ends.host)
        await until(lambda: link.packet_bytes == LARGEST)
        assert ends.host.send_datagram(b"a" * ends.host.max_datagram_bytes)
        assert ends.host.send_datagram(b"small")
        for _ in range(LOST_IN_A_ROW):
            link._path.note_timeout()
        link.pump()
        assert link.packet_bytes == BASE_BYTES
        assert link.datagrams_too_large == 1
        with pytest.raises(DatagramTooLargeError):
            ends.host.send_datagram(bytes(LARGEST - 30))
        await until(lambda: ends.at_client.datagrams == [b"small"])
        assert ends.host.send_buffer_bytes == 0
