from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sound_link import number_of, opus
from wavry.errors import RemoteProtocolError
from wavry.rift import Stream
from wavry.rift.fec import ParityFamily, ParityPacket
from wavry.rift.sound import (
    SoundPacket,
    SoundPlayout,
    SoundReceiver,
    SoundReceiverConfig,
    SoundSender,
    SoundSenderConfig,
)

first_ids = st.sampled_from([0, 2**32 - 9])


def stream(count: int, *, first_packet_id: int = 0, redundancy: float = 0.5) -> list[bytes]:
    sender = SoundSender(SoundSenderConfig(first_packet_id=first_packet_id, redundancy=redundancy))
    sent: list[bytes] = []
    for number in range(count):
        sender.send_packet(opus(number), 5000 * number, now=0.0)
        sent += sender.datagrams_to_send(now=0.0)
    return sent


def receive(receiver: SoundReceiver, datagrams: list[bytes]) -> list[int]:
    return [number_of(packet) for datagram in datagrams for packet in receiver.receive_datagram(datagram)]


def is_sound(datagram: bytes, *packet_ids: int) -> bool:
    return datagram[1] == Stream.SOUND and SoundPacket.from_bytes(datagram).packet_id in packet_ids


def test_what_was_sent_comes_out_in_order_as_it_comes() -> None:
    receiver = SoundReceiver()
    assert receive(receiver, stream(50)) == list(range(50))
    stats = receiver.stats
    assert (stats.packets_received, stats.packets_lost, stats.parity_received) == (50, 0, 24)


def test_ids_come_out_unwrapped() -> None:
    receiver = SoundReceiver(SoundReceiverConfig(first_packet_id=2**32 - 2))
    datagrams = stream(8, first_packet_id=2**32 - 2)
    kept = [each for each in datagrams if not is_sound(each, 2**32 - 1, 3)]
    ids = {packet.packet_id for datagram in kept for packet in receiver.receive_datagram(datagram)}
    assert ids == set(range(2**32 - 2, 2**32 + 6))


@given(lost=st.sets(st.integers(0, 39)), seed=st.integers(0, 2**16), repeat=st.integers(1, 2))
def test_every_packet_that_is_known_comes_out_once_whatever_the_network_does(
    lost: set[int], seed: int, repeat: int
) -> None:
    datagrams = [each for each in stream(40) if not is_sound(each, *lost)]
    dice = Random(seed)
    arrivals = sorted(datagrams * repeat, key=lambda each: datagrams.index(each) + dice.random() * 6)
    receiver = SoundReceiver()
    numbers = receive(receiver, arrivals)
    assert len(numbers) == len(set(numbers))
    assert set(range(40)) - lost <= set(numbers)
    stats = receiver.stats
    assert stats.packets_received + stats.packets_repaired == len(numbers)
    assert stats.packets_received == 40 - len(lost)


@pytest.mark.parametrize("lost", [(4,), (4, 5), (5, 6), (4, 7)])
def test_up_to_two_of_four_are_repaired(lost: tuple[int, ...]) -> None:
    receiver = SoundReceiver()
    numbers = receive(receiver, [each for each in stream(20) if not is_sound(each, *lost)])
    assert sorted(numbers) == list(range(20))
    assert receiver.stats.packets_repaired == receiver.stats.packets_lost == len(lost)


def test_a_repair_comes_at_most_three_packets_after_a_single_loss() -> None:
    for lost in (8, 9):
        receiver = SoundReceiver()
        numbers = receive(receiver, [each for each in stream(20) if not is_sound(each, lost)])
        assert numbers.index(lost) <= lost + 2


def test_after_a_long_outage_sound_goes_on_and_is_repaired_again() -> None:
    receiver = SoundReceiver()
    datagrams = stream(3000)
    begin, end = datagrams.index(next(d for d in datagrams if is_sound(d, 100))), 4000
    receive(receiver, datagrams[:begin])
    later = datagrams[end:]
    first = min(SoundPacket.from_bytes(each).packet_id for each in later if each[1] == Stream.SOUND)
    numbers = receive(receiver, [each for each in later if not is_sound(each, first + 20)])
    assert set(numbers) >= set(range(first + 2, 3000))


def test_one_forged_id_far_away_changes_nothing() -> None:
    receiver = SoundReceiver()
    datagrams = stream(40, redundancy=0)
    receive(receiver, datagrams[:20])
    assert receive(receiver, [SoundPacket(10_000, 0, opus(7)).to_bytes()]) == []
    assert receive(receiver, datagrams[20:]) == list(range(20, 40))
    assert receiver.stats.packets_lost == 0


def test_parity_of_another_place_is_ignored() -> None:
    receiver = SoundReceiver()
    datagrams = stream(20)
    receive(receiver, datagrams)
    parity = ParityPacket(ParityFamily.SLIDING, 50_000, 4, 9, 10, 2, bytes(60))
    assert receive(receiver, [parity.to_bytes(Stream.SOUND_PARITY)]) == []
    assert receiver.stats.packets_lost == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"\x01", stream(1)[0][:16], b"\x01\x00" + bytes(30), b"\x01\x01" + bytes(30), b"\x01\x05" + bytes(5)],
    ids=["empty", "one byte", "no payload", "video", "video's parity", "half a header"],
)
def test_what_is_no_sound_is_refused_and_counted(data: bytes) -> None:
    receiver = SoundReceiver()
    with pytest.raises(RemoteProtocolError):
        receiver.receive_datagram(data)
    assert receiver.stats.datagrams_malformed == 1
    assert receive(receiver, stream(3, redundancy=0)) == [0, 1, 2]


@given(data=st.data(), first_id=first_ids)
def test_any_bytes_are_sound_or_a_remote_protocol_error_and_what_is_held_stays_bounded(
    data: st.DataObject, first_id: int
) -> None:
    receiver, playout = (
        SoundReceiver(SoundReceiverConfig(fec_window_packets=8, first_packet_id=first_id)),
        SoundPlayout(),
    )
    valid = stream(12, first_packet_id=first_id)
    for at in range(30):
        datagram = bytearray(data.draw(st.sampled_from(valid)))
        for place, value in data.draw(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 255)), max_size=3)):
            datagram[place] = value
        try:
            for packet in receiver.receive_datagram(bytes(datagram)):
                playout.add(packet, now=at * 0.005)
        except RemoteProtocolError:
            pass
        playout.pull(now=at * 0.005)
        assert receiver.fec.used_bytes <= receiver.fec.cap_bytes
        assert playout.used_bytes <= playout.cap_bytes
