from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from tests.support.aio import in_loop, until
from tests.support.transport import link_of, quic_ends
from wavry.transport.quic.congestion import MAX_WINDOW_BYTES, SessionWindow

if TYPE_CHECKING:
    from pathlib import Path

    from aioquic.quic.packet_builder import QuicSentPacket

PACKET_BYTES = 1300


def packet(at: float) -> QuicSentPacket:
    return cast("QuicSentPacket", SimpleNamespace(sent_bytes=PACKET_BYTES, sent_time=at))


def round_trip(control: SessionWindow, packets: int, at: float) -> None:
    """Send some packets at once and hear of all of them."""
    sent = [packet(at) for _ in range(packets)]
    for each in sent:
        control.on_packet_sent(packet=each)
    for each in sent:
        control.on_packet_acked(now=at + 0.05, packet=each)


def test_a_window_that_is_used_grows() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    before = control.congestion_window
    round_trip(control, before // PACKET_BYTES, 1.0)
    assert control.congestion_window > before


def test_a_window_that_is_not_used_does_not_grow() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    before = control.congestion_window
    for number in range(10_000):
        round_trip(control, 2, float(number + 1))
    assert control.congestion_window == before
    assert control.bytes_in_flight == 0


def test_a_window_never_grows_beyond_the_ceiling() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    for number in range(30):
        round_trip(control, control.congestion_window // PACKET_BYTES, float(number + 1))
    assert control.congestion_window == MAX_WINDOW_BYTES


def test_a_loss_makes_the_window_smaller_and_it_recovers() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    for number in range(30):
        round_trip(control, control.congestion_window // PACKET_BYTES, float(number + 1))
    lost = packet(50.0)
    control.on_packet_sent(packet=lost)
    control.on_packets_lost(now=50.1, packets=[lost])
    smaller = control.congestion_window
    assert smaller < MAX_WINDOW_BYTES
    for number in range(60, 70):
        round_trip(control, control.congestion_window // PACKET_BYTES, float(number))
    assert smaller < control.congestion_window <= MAX_WINDOW_BYTES


def test_a_window_that_is_set_stays_whatever_is_acknowledged_or_lost() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    control.set_window(100_000)
    round_trip(control, 100, 1.0)
    lost = packet(2.0)
    control.on_packet_sent(packet=lost)
    control.on_packets_lost(now=2.1, packets=[lost])
    control.on_persistent_congestion()
    assert (control.congestion_window, control.bytes_in_flight) == (100_000, 0)


def test_no_window_is_set_beyond_the_bounds() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    control.set_window(10**9)
    assert control.congestion_window == MAX_WINDOW_BYTES
    control.set_window(0)
    assert control.congestion_window == 2 * PACKET_BYTES


def test_new_reno_goes_on_from_the_window_that_was_set() -> None:
    control = SessionWindow(max_datagram_size=PACKET_BYTES)
    control.set_window(100_000)
    control.set_window(None)
    round_trip(control, 100_000 // PACKET_BYTES, 1.0)
    assert 100_000 <= control.congestion_window <= 100_000 + 2 * PACKET_BYTES
    lost = packet(2.0)
    control.on_packet_sent(packet=lost)
    control.on_packets_lost(now=2.1, packets=[lost])
    assert control.congestion_window < 60_000


@in_loop
async def test_connections_of_both_kinds_use_it(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        for end in (ends.client, ends.host):
            control = link_of(end).quic._loss._cc
            assert isinstance(control, SessionWindow)
        before = link_of(ends.host).quic._loss.congestion_window
        for number in range(200):
            ends.host.send_datagram(b"small")
            ends.host.flush()
            await until(lambda number=number: len(ends.at_client.datagrams) == number + 1)  # type: ignore[misc]
        assert link_of(ends.host).quic._loss.congestion_window == before
