from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from tests.support.aio import in_loop, until
from tests.support.transport import link_of, quic_ends
from wavry.transport.quic.congestion import MAX_WINDOW_BYTES, BoundedReno

if TYPE_CHECKING:
    from pathlib import Path

    from aioquic.quic.packet_builder import QuicSentPacket

PACKET_BYTES = 1300


def packet(at: float) -> QuicSentPacket:
    return cast("QuicSentPacket", SimpleNamespace(sent_bytes=PACKET_BYTES, sent_time=at))


def round_trip(control: BoundedReno, packets: int, at: float) -> None:
    """Send some packets at once and hear of all of them."""
    sent = [packet(at) for _ in range(packets)]
    for each in sent:
        control.on_packet_sent(packet=each)
    for each in sent:
        control.on_packet_acked(now=at + 0.05, packet=each)


def test_a_window_that_is_used_grows() -> None:
    control = BoundedReno(max_datagram_size=PACKET_BYTES)
    before = control.congestion_window
    round_trip(control, before // PACKET_BYTES, 1.0)
    assert control.congestion_window > before


def test_a_window_that_is_not_used_does_not_grow() -> None:
    control = BoundedReno(max_datagram_size=PACKET_BYTES)
    before = control.congestion_window
    for number in range(10_000):
        round_trip(control, 2, float(number + 1))
    assert control.congestion_window == before
    assert control.bytes_in_flight == 0


def test_a_window_never_grows_beyond_the_ceiling() -> None:
    control = BoundedReno(max_datagram_size=PACKET_BYTES)
    for number in range(30):
        round_trip(control, control.congestion_window // PACKET_BYTES, float(number + 1))
    assert control.congestion_window == MAX_WINDOW_BYTES


def test_a_loss_makes_the_window_smaller_and_it_recovers() -> None:
    control = BoundedReno(max_datagram_size=PACKET_BYTES)
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


@in_loop
async def test_connections_of_both_kinds_use_it(tmp_path: Path) -> None:
    async with quic_ends(tmp_path) as ends:
        await ends.observe()
        for end in (ends.client, ends.host):
            control = link_of(end).quic._loss._cc
            assert isinstance(control, BoundedReno)
        before = link_of(ends.host).quic._loss.congestion_window
        for number in range(200):
            ends.host.send_datagram(b"small")
            ends.host.flush()
            await until(lambda number=number: len(ends.at_client.datagrams) == number + 1)  # type: ignore[misc]
        assert link_of(ends.host).quic._loss.congestion_window == before
