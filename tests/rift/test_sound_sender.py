from __future__ import annotations

import pytest

from wavry.errors import ConfigError, ErrorCode, LocalProtocolError, RemoteProtocolError
from wavry.rift import CONTROL, Hello, Message, MessageDecoder, SoundConfig, Stream, encode_message
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder
from wavry.rift.sound import MAX_OPUS_BYTES, SoundPacket, SoundSender, SoundSenderConfig
from wavry.rift.sound.sender import DATAGRAM_OVERHEAD_BYTES


def opus(number: int) -> bytes:
    return bytes([number % 256]) * (60 + number % 40)


def send(sender: SoundSender, numbers: range, *, now: float = 0.0) -> list[bytes]:
    sent: list[bytes] = []
    for number in numbers:
        sender.send_packet(opus(number), 5000 * number, now=now)
        sent += sender.datagrams_to_send(now=now)
    return sent


def sound_of(datagrams: list[bytes]) -> list[SoundPacket]:
    return [SoundPacket.from_bytes(each) for each in datagrams if each[1] == Stream.SOUND]


def parity_of(datagrams: list[bytes]) -> list[ParityPacket]:
    return [ParityPacket.from_bytes(each, Stream.SOUND_PARITY) for each in datagrams if each[1] == Stream.SOUND_PARITY]


def test_a_sound_packet_has_the_bytes_that_wire_md_says() -> None:
    packet = SoundPacket(0x01020304, 0x0102030405060708, b"opus", epoch=7, flags=1)
    assert packet.to_bytes() == bytes.fromhex("01 04 01 07 01020304 0102030405060708") + b"opus"


def test_a_sound_packet_comes_back_as_it_was() -> None:
    packet = SoundPacket(2**32 - 1, 2**63 - 1, b"x" * MAX_OPUS_BYTES, epoch=255, flags=1)
    assert SoundPacket.from_bytes(packet.to_bytes()) == packet
    assert packet.is_silent


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(15),
        SoundPacket(0, 0, b"x").to_bytes()[:-1],
        SoundPacket(0, 0, b"x" * MAX_OPUS_BYTES).to_bytes() + b"x",
        b"\x01\x00" + bytes(20),
        b"\x01\x04" + bytes(6) + b"\xff" * 8 + b"x",
    ],
    ids=["empty", "half a header", "no Opus packet", "too long", "another stream", "no time"],
)
def test_bytes_that_are_no_sound_packet_are_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        SoundPacket.from_bytes(data)
    assert caught.value.code == ErrorCode.PROTOCOL_VIOLATION


def test_a_sound_packet_of_another_major_version_is_told_apart() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        SoundPacket.from_bytes(b"\x02" + SoundPacket(0, 0, b"x").to_bytes()[1:])
    assert caught.value.code == ErrorCode.UNSUPPORTED_VERSION


def test_packets_leave_at_once_in_order_with_ids_that_count() -> None:
    sender = SoundSender()
    sender.epoch = 3
    sounds = sound_of(send(sender, range(5)))
    assert [each.packet_id for each in sounds] == [0, 1, 2, 3, 4]
    assert [each.opus for each in sounds] == [opus(number) for number in range(5)]
    assert [each.capture_us for each in sounds] == [0, 5000, 10_000, 15_000, 20_000]
    assert {each.epoch for each in sounds} == {3}


def test_ids_wrap() -> None:
    sender = SoundSender(SoundSenderConfig(first_packet_id=2**32 - 1))
    assert [each.packet_id for each in sound_of(send(sender, range(2)))] == [2**32 - 1, 0]
    assert sender.next_packet_id == 1


def test_each_packet_is_under_two_parity_packets_of_the_last_four() -> None:
    parity = parity_of(send(SoundSender(), range(21)))
    windows = [range(each.first_packet_id, each.first_packet_id + each.source_count) for each in parity]
    assert len(windows) == 10
    assert max(map(len, windows)) == 4
    assert all(sum(number in window for window in windows) == 2 for number in range(18))


def test_parity_never_leaves_together_with_the_newest_packet_under_it() -> None:
    sender = SoundSender()
    for number in range(20):
        sent = send(sender, range(number, number + 1))
        assert all(each.last_packet_id == number - 1 for each in parity_of(sent))


@pytest.mark.parametrize("lost", [{7}, {6, 7}, {7, 8}, {8, 9}, {4, 7}, {4, 7, 11}])
def test_parity_repairs_any_two_of_four(lost: set[int]) -> None:
    decoder = StreamingFecDecoder(FecConfig(8, 1200))
    rebuilt: dict[int, bytes] = {}
    for datagram in send(SoundSender(), range(16)):
        if datagram[1] == Stream.SOUND_PARITY:
            known = decoder.add_parity_packet(ParityPacket.from_bytes(datagram, Stream.SOUND_PARITY))
            rebuilt.update((each.packet_id, each.payload) for each in known)
        elif (packet_id := SoundPacket.from_bytes(datagram).packet_id) not in lost:
            known = decoder.add_source_packet(SourcePacket(packet_id, datagram))[1:]
            rebuilt.update((each.packet_id, each.payload) for each in known)
    assert {number: SoundPacket.from_bytes(data).opus for number, data in rebuilt.items()} == {
        number: opus(number) for number in lost
    }


def test_silence_is_said_and_its_parity_leaves_at_once() -> None:
    sender = SoundSender()
    sender.send_packet(b"x", 0, now=0.0, is_silent=True)
    sent = sender.datagrams_to_send(now=0.0)
    assert [each.is_silent for each in sound_of(sent)] == [True]
    assert len(parity_of(sent)) == 1


def test_without_redundancy_there_is_no_parity() -> None:
    sender = SoundSender(SoundSenderConfig(redundancy=0))
    assert not parity_of(send(sender, range(10)))
    assert list(sender.holders()) == ["rift.sound_queues"]


def test_what_waited_too_long_is_dropped_oldest_first() -> None:
    sender = SoundSender()
    for number in range(20):
        sender.send_packet(opus(number), 5000 * number, now=number * 0.005)
        assert sender.datagrams_to_send(now=number * 0.005, max_bytes=0) == []
    left = sender.datagrams_to_send(now=0.0951)
    assert [each.packet_id for each in sound_of(left)] == list(range(12, 20))
    assert sender.drops == 12 + 5
    assert sender.queued_bytes == 0
    held = sender.used_bytes  # the parity that leaves with the next packet
    assert DATAGRAM_OVERHEAD_BYTES < held < 2 * DATAGRAM_OVERHEAD_BYTES + 200
    sender.send_packet(opus(20), 100_000, now=0.1)
    assert len(parity_of(sender.datagrams_to_send(now=0.1))) == 1


def test_no_more_leaves_than_the_network_takes() -> None:
    sender = SoundSender(SoundSenderConfig(redundancy=0))
    for _number in range(4):
        sender.send_packet(bytes(84), 0, now=0.0)
    assert [len(each) for each in sender.datagrams_to_send(now=0.0, max_bytes=250)] == [100, 100]
    assert [len(each) for each in sender.datagrams_to_send(now=0.0)] == [100, 100]


def test_the_queue_never_exceeds_its_cap_even_if_nobody_drains_it() -> None:
    sender = SoundSender()
    for _ in range(500):
        sender.send_packet(bytes(1100), 0, now=0.0)
    for holder in sender.holders().values():
        assert holder.used_bytes <= holder.high_water_bytes <= holder.cap_bytes
    assert sender.used_bytes > 64 * 1100
    assert sender.drops > 400


def test_a_packet_that_fits_no_datagram_is_refused_and_changes_nothing() -> None:
    sender = SoundSender()
    for wrong in (bytes(1142), b""):
        with pytest.raises(LocalProtocolError):
            sender.send_packet(wrong, 0, now=0.0)
    assert sender.next_packet_id == 0
    assert sender.datagrams_to_send(now=0.0) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_datagram_bytes", 100),
        ("max_wait_ms", 0),
        ("redundancy", 0.6),
        ("window_packets", 3),
        ("window_packets", 10),
    ],
)
def test_settings_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        SoundSenderConfig(**{field: value})  # type: ignore[arg-type] # any of them


def test_sound_is_agreed_on_in_messages() -> None:
    said: list[Message] = [
        Hello(sound=True),
        SoundConfig(epoch=1, channels=6, frame_us=10_000, available=False, reason="no card"),
    ]
    assert MessageDecoder(CONTROL).receive(b"".join(encode_message(each) for each in said)) == said


def test_a_host_of_before_sees_no_wish_for_sound() -> None:
    old = b"\x92\xa5hello\x82\xadversion_major\x01\xadversion_minor\x01"
    (hello,) = MessageDecoder(CONTROL).receive(len(old).to_bytes(4, "big") + old)
    assert isinstance(hello, Hello)
    assert not hello.sound
